package bitset

import (
	"math/bits"
	"slices"
)

const wordBits = 64

// A Set is a set of bits 0..n-1 for the n it was made with. Bits past n are
// zero. The zero value is the set of length 0.
type Set []uint64

// New returns an empty set that can hold bits 0..n-1.
func New(n int) Set { return make(Set, Words(n)) }

// Words returns the number of words that n bits take.
func Words(n int) int { return (n + wordBits - 1) / wordBits }

// Has reports whether bit i is set. It panics if i is past the last word.
func (s Set) Has(i int) bool { return s[i/wordBits]>>(uint(i)%wordBits)&1 != 0 }

// Add sets bit i.
func (s Set) Add(i int) { s[i/wordBits] |= 1 << (uint(i) % wordBits) }

// Remove clears bit i.
func (s Set) Remove(i int) { s[i/wordBits] &^= 1 << (uint(i) % wordBits) }

// Flip inverts bit i.
func (s Set) Flip(i int) { s[i/wordBits] ^= 1 << (uint(i) % wordBits) }

// Count returns the number of set bits.
func (s Set) Count() int {
	c := 0
	for _, w := range s {
		c += bits.OnesCount64(w)
	}
	return c
}

// AndCount returns the number of bits set in both s and t, which must have the
// same length.
func (s Set) AndCount(t Set) int {
	t = t[:len(s)]
	c := 0
	for k, w := range s {
		c += bits.OnesCount64(w & t[k])
	}
	return c
}

// Equal reports whether s and t hold the same bits.
func (s Set) Equal(t Set) bool { return slices.Equal(s, t) }

// Clone returns a copy of s.
func (s Set) Clone() Set { return slices.Clone(s) }

// Hash returns a 64-bit hash of s. It is a fixed function of the bits, the same
// in every run, so that the order of anything derived from it is reproducible.
func (s Set) Hash() uint64 {
	h := uint64(len(s)) * 0x9e3779b97f4a7c15
	for _, w := range s {
		// The finaliser of SplitMix64: every input bit reaches every output bit.
		h += w + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// Transpose returns the bit matrix whose row i holds bit k where rows[k] holds
// bit i, for i in 0..n-1. Every row must have been made for n bits.
func Transpose(rows []Set, n int) []Set {
	out := make([]Set, n)
	store := make(Set, n*Words(len(rows)))
	for i := range out {
		w := Words(len(rows))
		out[i] = store[i*w : (i+1)*w : (i+1)*w]
	}
	for k, row := range rows {
		for w, word := range row {
			for word != 0 {
				out[w*wordBits+bits.TrailingZeros64(word)].Add(k)
				word &= word - 1
			}
		}
	}
	return out
}
