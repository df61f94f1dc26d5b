package arrangements

import "github.com/convexnn/convexnn/internal/bitset"

// A wordSet holds one of each pair of opposite cells, the one with bit 0, in the
// order in which they were added.
type wordSet struct {
	bits  int
	words int
	store []uint64
	table []int32 // 1 + position in store, 0 for none; a power of two long
}

func (s *wordSet) reset(bits int) {
	s.bits, s.words, s.store = bits, bitset.Words(bits), s.store[:0]
	clear(s.table)
}

func (s *wordSet) len() int { return len(s.store) / s.words }

func (s *wordSet) at(k int) bitset.Set { return s.store[k*s.words : (k+1)*s.words] }

// slot returns where in the table the set is, or would be.
func (s *wordSet) slot(b bitset.Set) int {
	mask := len(s.table) - 1
	h := int(b.Hash()) & mask
	for s.table[h] != 0 && !s.at(int(s.table[h])-1).Equal(b) {
		h = (h + 1) & mask
	}
	return h
}

// has reports whether b or its opposite is in the set.
func (s *wordSet) has(b bitset.Set) bool {
	if len(s.store) == 0 {
		return false
	}
	if b.Has(0) {
		return s.table[s.slot(b)] != 0
	}
	complement(b, s.bits)
	found := s.table[s.slot(b)] != 0
	complement(b, s.bits)
	return found
}

// add appends b or its opposite, neither of which may be in the set, and reports
// whether it is the opposite.
func (s *wordSet) add(b bitset.Set) bool {
	other := !b.Has(0)
	s.store = append(s.store, b...)
	if other {
		complement(s.at(s.len()-1), s.bits)
	}
	b = s.at(s.len() - 1)
	if 2*s.len() >= len(s.table) {
		s.table = make([]int32, max(16, 2*len(s.table)))
		for k := range s.len() {
			s.table[s.slot(s.at(k))] = int32(k + 1)
		}
		return other
	}
	s.table[s.slot(b)] = int32(s.len())
	return other
}

// complement inverts the n bits of s.
func complement(s bitset.Set, n int) {
	for k := range s {
		s[k] = ^s[k]
	}
	if rest := uint(n) % 64; rest != 0 {
		s[len(s)-1] &= 1<<rest - 1
	}
}
