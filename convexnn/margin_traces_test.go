package convexnn_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/convexnn/convexnn/arrangements"
	"github.com/convexnn/convexnn/convexnn"
)

// marginTrace is an entry of testdata/margin_traces.json, made by
// bench/oracles/margin_traces.py: training with the hinge loss, and with hard margins,
// over all networks, by SciPy's linear programs for the cells and by CVXPY and Clarabel
// for the programs on all of them.
type marginTrace struct {
	Kind      string
	X         [][]float64
	Y         []float64
	Cells     int64
	BetaMax   float64 `json:"beta_max"`
	Separable bool
	Hard      *marginOptimum // nil where no network meets the margins
	Closed    *float64       // the optimum of hard margins by pen and paper, where known
	Hinge     []marginOptimum
}

type marginOptimum struct{ Beta, Primal, Dual float64 }

func marginTraces(t *testing.T) []marginTrace {
	t.Helper()
	var traces []marginTrace
	if err := json.Unmarshal(read(t, "margin_traces.json"), &traces); err != nil {
		t.Fatal(err)
	}
	if len(traces) < 30 {
		t.Fatalf("only %d traces", len(traces))
	}
	return traces
}

// margins returns the least s_i f_i / |y_i|, the hinge loss sum max(0, |y_i| - s_i f_i)
// and the penalty sum |u_j||alpha_j| of net, s_i = sign(y_i), by nothing but its weights.
func (tr *marginTrace) margins(net *convexnn.Network) (least, loss, penalty float64) {
	least = math.Inf(1)
	for i, row := range tr.X {
		f := net.Intercept
		for _, h := range net.Neurons {
			f += h.Output * math.Max(0, inner(h.Weights, row))
		}
		size, margin := math.Abs(tr.Y[i]), math.Copysign(f, f*tr.Y[i])
		least = math.Min(least, margin/size)
		loss += math.Max(0, size-margin)
	}
	for _, h := range net.Neurons {
		penalty += length(h.Weights) * math.Abs(h.Output)
	}
	return least, loss, penalty
}

// isProved fails unless the dual vector of c proves its bound with prices at most beta and
// multipliers of at most the given size.
func (tr *marginTrace) isProved(t *testing.T, what string, c convexnn.Certificate, beta, size float64) {
	t.Helper()
	if len(c.Dual) != len(tr.Y) {
		t.Errorf("%s: the dual vector has %d entries", what, len(c.Dual))
		return
	}
	sum := 0.0
	for i, v := range c.Dual {
		if v*tr.Y[i] < 0 || math.Abs(v) > size {
			t.Errorf("%s: entry %d of the dual vector is %g for the label %g", what, i, v, tr.Y[i])
		}
		sum += v * tr.Y[i]
	}
	p := &naive{x: tr.X, y: tr.Y, beta: beta}
	if most := p.price(c.Dual, 0).value; most > beta*(1+1e-9) {
		t.Errorf("%s: the dual vector has price %.12g, beta is %.12g", what, most, beta)
	}
	if c.LowerBound > sum*(1+1e-12) || c.LowerBound < sum*(1-1e-9) {
		t.Errorf("%s: the bound is %.12g, the dual vector proves %.12g", what, c.LowerBound, sum)
	}
}

// meets fails unless r has the optimum, proves it, and speaks of its own network.
func (tr *marginTrace) meets(t *testing.T, what string, r *convexnn.Result, loss convexnn.Loss, want marginOptimum) {
	t.Helper()
	if want.Primal-want.Dual > 1e-7*want.Primal {
		t.Fatalf("%s: the outside solver's own bracket is wide", what)
	}
	c := r.Certificate
	if c.Kind != convexnn.CertifiedExact || r.Status != convexnn.Solved {
		t.Errorf("%s: %v, %v", what, c.Kind, r.Status)
	}
	if r.Objective < want.Dual*(1-1e-8) || r.Objective > want.Primal*(1+1e-6) {
		t.Errorf("%s: objective %.12g against [%.12g, %.12g]", what, r.Objective, want.Dual, want.Primal)
	}
	if c.LowerBound > want.Primal*(1+1e-7) || c.LowerBound < want.Dual*(1-1e-5) {
		t.Errorf("%s: bound %.12g against [%.12g, %.12g]", what, c.LowerBound, want.Dual, want.Primal)
	}
	least, hinge, penalty := tr.margins(r.Network)
	beta, size := want.Beta, 1+1e-12
	if loss == convexnn.HardMargin {
		beta, size = 1, math.Inf(1)
		if least < 1-1e-9 {
			t.Errorf("%s: a margin is only %.12g of what was asked for", what, least)
		}
		hinge = 0
	}
	if own := hinge + beta*penalty; math.Abs(own-r.Objective) > 1e-9*own {
		t.Errorf("%s: the network has objective %.12g, not %.12g", what, own, r.Objective)
	}
	tr.isProved(t, what, c, beta, size)
}

func TestMarginsAgainstClarabelTraces(t *testing.T) {
	for k, tr := range marginTraces(t) {
		x := dense(tr.X...)
		a, err := arrangements.NewArrangement(x)
		if err != nil {
			t.Fatal(err)
		}
		if cells, err := a.Count(t.Context()); err != nil || cells != tr.Cells {
			t.Errorf("trace %d (%s): %d cells (%v), linear programs find %d", k, tr.Kind, cells, err, tr.Cells)
		}
		for _, mode := range []convexnn.Mode{convexnn.Enumerate, convexnn.Global} {
			for _, want := range tr.Hinge {
				what := fmt.Sprintf("trace %d (%s, %v), hinge, beta %g", k, tr.Kind, mode, want.Beta)
				r := train(t, x, tr.Y, convexnn.Options{Mode: mode, Loss: convexnn.Hinge, Beta: want.Beta, Tolerance: 1e-7})
				tr.meets(t, what, r, convexnn.Hinge, want)
				if math.Abs(r.BetaMax.Value-tr.BetaMax) > 1e-7*math.Max(tr.BetaMax, 1e-3) {
					t.Errorf("%s: beta_max is %.12g, the cells' largest price %.12g", what, r.BetaMax.Value, tr.BetaMax)
				}
				if m := len(r.Network.Neurons); m > 0 && want.Beta > tr.BetaMax {
					t.Errorf("%s: %d neurons above beta_max", what, m)
				}
			}
			if tr.Hard == nil {
				continue
			}
			what := fmt.Sprintf("trace %d (%s, %v), hard margins", k, tr.Kind, mode)
			r := train(t, x, tr.Y, convexnn.Options{Mode: mode, Loss: convexnn.HardMargin, Tolerance: 1e-7})
			tr.meets(t, what, r, convexnn.HardMargin, *tr.Hard)
			if tr.Closed != nil && math.Abs(r.Objective-*tr.Closed) > 1e-6**tr.Closed {
				t.Errorf("%s: objective %.12g, the closed form is %.12g", what, r.Objective, *tr.Closed)
			}
		}
	}
}

// Linear programs over all cells decided what the traces say; Separable has a rule.
func TestSeparableAgainstTraces(t *testing.T) {
	count := map[bool]int{}
	for k, tr := range marginTraces(t) {
		x := dense(tr.X...)
		count[tr.Separable]++
		if tr.Separable != (tr.Hard != nil) {
			t.Fatalf("trace %d (%s) contradicts itself", k, tr.Kind)
		}
		err := convexnn.Separable(x, tr.Y)
		if tr.Separable {
			if err != nil {
				t.Errorf("trace %d (%s): %v", k, tr.Kind, err)
			}
			continue
		}
		if !errors.Is(err, convexnn.ErrNotSeparable) {
			t.Errorf("trace %d (%s): %v, want ErrNotSeparable", k, tr.Kind, err)
		}
		if _, err := convexnn.Train(t.Context(), x, tr.Y, convexnn.Options{Loss: convexnn.HardMargin}); !errors.Is(err, convexnn.ErrNotSeparable) {
			t.Errorf("trace %d (%s): training ends with %v, want ErrNotSeparable", k, tr.Kind, err)
		}
	}
	if count[true] < 20 || count[false] < 5 {
		t.Errorf("%d traces are separable, %d are not", count[true], count[false])
	}
}
