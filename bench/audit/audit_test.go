package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/convexnn/convexnn/convexnn"
)

func TestProblems(t *testing.T) {
	sizes := map[string][2]int{"breast-cancer": {569, 31}, "diabetes": {442, 11}, "wine": {178, 14}}
	for _, p := range problems() {
		if err := p.load(); err != nil {
			t.Fatal(err)
		}
		n, d := p.x.Dims()
		if [2]int{n, d} != sizes[p.name] || len(p.y) != n {
			t.Errorf("%v", p)
		}
		for k := range d - 1 {
			if mean, dev := stat.PopMeanStdDev(mat.Col(nil, k, p.x), nil); math.Abs(mean) > 1e-9 || math.Abs(dev-1) > 1e-9 {
				t.Errorf("%v, column %d: mean %g, deviation %g", p, k, mean, dev)
			}
		}
		if ones := mat.Col(nil, d-1, p.x); mat.Sum(mat.NewVecDense(n, ones)) != float64(n) {
			t.Errorf("%v: no column of ones", p)
		}
		squares := 0.0
		for _, y := range p.y {
			squares += y * y / float64(n)
		}
		if math.Abs(squares-1) > 1e-9 {
			t.Errorf("%v: the targets have a mean square of %g", p, squares)
		}
	}
	if _, err := choose([]string{"wine", "nothing"}); err == nil {
		t.Error("no error for a table without a problem")
	}
}

// An audit sees through a price that is too small, by searching or by a network alone,
// and leaves a true one as it is.
func TestReprice(t *testing.T) {
	x, y := wave(1, 25, 4)
	p := &problem{x: x, y: y, beta: 0.3, limit: time.Minute}
	r, err := train(t.Context(), p, convexnn.Options{Mode: convexnn.Enumerate, Beta: p.beta}, p.limit)
	if err != nil || r.Certificate.Kind != convexnn.CertifiedExact {
		t.Fatal(r, err)
	}
	v := r.Certificate.Dual
	truth := r.Certificate.Price.Value
	for _, c := range []struct {
		share  float64 // of the true price that is claimed
		starts int
		rivals []rival
	}{{1, 50, nil}, {0.5, 50, nil}, {0.5, 1, []rival{{network: r.Network}}}} {
		claim := convexnn.NewCertificate(y, v, p.beta, r.Objective, convexnn.Price{Value: c.share * truth, Upper: math.Inf(1), Kind: convexnn.CertifiedEstimate})
		got, err := reprice(t.Context(), settings{starts: c.starts, polish: 4}, p, claim, r.Objective, c.rivals)
		if err != nil {
			t.Fatal(err)
		}
		if got.bound > claim.LowerBound || got.bound > r.Objective*(1+1e-9) || got.bound < r.Certificate.LowerBound*(1-1e-6) {
			t.Errorf("%g of the price: bound %.12g, was %.12g; the truth is within [%.12g, %.12g]", c.share, got.bound, claim.LowerBound, r.Certificate.LowerBound, r.Objective)
		}
		if c.share < 1 && claim.LowerBound < r.Objective {
			t.Errorf("the claim %.12g is not false", claim.LowerBound)
		}
	}
}

func TestReadNetworks(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) string {
		path := filepath.Join(dir, "networks.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	x, y := mat.NewDense(2, 2, []float64{1, 0, 0, 1}), []float64{2, 3}
	for _, text := range []string{
		`[{"data": "wine", "beta": 1, "weights": [[1, 0], [0, 1]], "outputs": [2, 3]}]`,
		`{"wine": {"adam": {"sweeps": [{"beta": 1, "network": {"model": "relu", "dim": 2, "neurons": [{"weights": [1, 0], "output": 2}, {"weights": [0, 1], "output": 3}], "intercept": 0}}]}}}`,
	} {
		list, err := readNetworks(write(text))
		if err != nil || len(list) != 1 || list[0].Data != "wine" || list[0].Beta != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		if f, _, err := list[0].network().Objective(x, y, 1); err != nil || f != 5 {
			t.Errorf("objective %g, want that of a perfect fit of size 5 (%v)", f, err)
		}
	}
	for _, text := range []string{"", "7", `[{"data": "wine", "weights": [[1]], "outputs": []}]`, `[{"data": "wine", "weights": [[1], [1, 2]], "outputs": [1, 2]}]`} {
		if _, err := readNetworks(write(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// Branch and bound that is cut proves something, and nothing above the optimum.
func TestProveSign(t *testing.T) {
	x, y := wave(2, 40, 6)
	p := &problem{x: x, y: y, beta: 0.3}
	r, err := proveSign(t.Context(), settings{proof: time.Minute, nodes: 1}, p, &convexnn.Network{Dim: 6}, y)
	if err != nil || !(r.Upper < math.Inf(1)) || r.Upper < r.Value {
		t.Errorf("%+v, %v", r, err)
	}
	whole, err := proveSign(t.Context(), settings{proof: time.Minute}, p, &convexnn.Network{Dim: 6}, y)
	if err != nil || !whole.Closed || whole.Upper > r.Upper {
		t.Errorf("closed %v, [%g, %g] within [%g, %g] (%v)", whole.Closed, whole.Value, whole.Upper, r.Value, r.Upper, err)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := proveSign(done, settings{proof: time.Minute}, p, &convexnn.Network{Dim: 6}, y); err == nil {
		t.Error("an interrupt is no error")
	}
}
