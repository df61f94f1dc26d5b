package main

import (
	"fmt"

	"github.com/convexnn/convexnn/bench/internal/table"
)

// A size is one program, and the way in which ADMM updates its weights.
type size struct {
	N        int  `json:"n"`
	D        int  `json:"d"`
	P        int  `json:"patterns"`
	Factored bool `json:"factored"` // the n x n system is factored
}

const (
	// directLimit is the default of SolveSettings.DirectLimit.
	directLimit = 4000
	// mostRepeated is the n d P past which a size is solved once, and mostFactored the
	// n past which it is with the n x n factor.
	mostRepeated = 5e8
	mostFactored = 5000
)

// work is n d P.
func (c size) work() float64 { return float64(c.N) * float64(c.D) * float64(c.P) }

// system names the way in which the weights are updated.
func (c size) system() string {
	if c.Factored {
		return "factor"
	}
	return "CG"
}

func (c size) String() string {
	return fmt.Sprintf("n=%s, d=%s, P=%s, %s", whole(c.N), whole(c.D), whole(c.P), c.system())
}

func whole(n int) string { return table.Number(float64(n)) }

// A group is a list of sizes, each of which doubles what is named.
type group struct {
	doubles string
	sizes   []size
}

// doublings returns the sizes of the first two tables.
func doublings(s settings) []group {
	n, d, p := 2500, 25, 250
	times := []int{3, 2, 3, 1} // doublings of n, of d, of P, and of all three
	if s.quick {
		n, d, p = 200, 5, 20
		times = []int{1, 1, 1, 1}
	}
	// The default settings choose the system by n.
	sized := func(n, d, p int) size { return size{n, d, p, n <= directLimit && !s.cg} }
	groups := []group{{doubles: "n"}, {doubles: "d"}, {doubles: "P"}, {doubles: "all"}}
	for k := range groups {
		g := &groups[k]
		for step := range times[k] + 1 {
			a, b, c := n, d, p
			if k == 0 || k == 3 {
				a <<= step
			}
			if k == 1 || k == 3 {
				b <<= step
			}
			if k == 2 || k == 3 {
				c <<= step
			}
			g.sizes = append(g.sizes, sized(a, b, c))
		}
	}
	if s.large {
		all := &groups[3]
		all.sizes = append(all.sizes, sized(10_000, 100, 1000), sized(20_000, 100, 2000))
	}
	return groups
}

// crossings returns the sizes of the third table, factored: those around the limit
// up to which the system is factored by default.
func crossings(s settings) []size {
	list := []size{{1250, 25, 250, true}, {2500, 25, 250, true}, {5000, 25, 250, true}, {10_000, 25, 250, true}}
	switch {
	case s.quick:
		list = []size{{200, 5, 20, true}, {400, 5, 20, true}}
	case s.large:
		list = append(list, size{2500, 25, 1000, true}, size{5000, 25, 1000, true}, size{10_000, 25, 1000, true})
	}
	return list
}
