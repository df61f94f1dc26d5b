package pricing

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/internal/bitset"
)

// A candidate is a direction, its value and the cell whose price that is.
type candidate struct {
	value  float64
	u      []float64
	active bitset.Set
	hill   bool // whether the value has a local maximum there
}

// sameDirection is the cosine above which two directions are not distinct.
const sameDirection = 0.999

// A shortlist collects candidates and forgets those that cannot be among the
// keep best.
//
// Cells around a high local maximum have high prices too, and would crowd out
// everything else. So the best of a list are the highest candidate, then local
// maxima, then others, no two within the cosine sameDirection.
type shortlist struct {
	keep int
	list []candidate
	full float64 // if positive, the least value of keep distinct local maxima
}

func (s *shortlist) add(c candidate) {
	s.list = append(s.list, c)
	if len(s.list) >= 4*s.keep+16 {
		s.list = s.best()
	}
}

// bar returns a value up to which further candidates do not matter.
func (s *shortlist) bar() float64 { return s.full }

// best returns the best candidates by value. Of equal ones the first counts.
func (s *shortlist) best() []candidate {
	slices.SortStableFunc(s.list, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
	var out []candidate
	hills := 0
	take := func(hill bool) {
	next:
		for k, c := range s.list {
			if len(out) == s.keep {
				return
			}
			if c.hill != hill && k > 0 {
				continue
			}
			for _, o := range out {
				if floats.Dot(c.u, o.u) > sameDirection {
					continue next
				}
			}
			out = append(out, c)
			if c.hill {
				hills++
			}
		}
	}
	take(true)
	take(false)
	slices.SortStableFunc(out, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
	if hills > 0 && hills == s.keep {
		s.full = out[hills-1].value
	}
	return out
}

// sortedDirections sorts directions by value, best first, and drops those without.
func sortedDirections(list []Direction) []Direction {
	list = slices.DeleteFunc(list, func(d Direction) bool { return !(d.Value > 0) })
	slices.SortStableFunc(list, func(a, b Direction) int { return cmp.Compare(b.Value, a.Value) })
	return list
}
