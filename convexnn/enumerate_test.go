package convexnn_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// enumerated trains over all patterns and checks that the certificate is exact, its
// gap within tol, and want, if it is not NaN, in its bracket up to tol.
func enumerated(t *testing.T, what string, x *mat.Dense, y []float64, beta, want, tol float64) *convexnn.Result {
	t.Helper()
	r := train(t, x, y, convexnn.Options{Mode: convexnn.Enumerate, Beta: beta, Tolerance: tol})
	c := r.Certificate
	if c.Kind != convexnn.CertifiedExact || r.Status != convexnn.Solved || c.RelativeGap > tol {
		t.Errorf("%s: %v, %v, gap %.3g", what, c.Kind, r.Status, c.RelativeGap)
	}
	if c.LowerBound > want || r.Objective < want*(1-1e-12) && want-r.Objective > tol*want {
		t.Errorf("%s: [%.12g, %.12g] excludes %.12g", what, c.LowerBound, r.Objective, want)
	}
	return r
}

func TestEnumerateMeetsClosedForms(t *testing.T) {
	xor, parity := dense(xorX...), []float64{-1, 1, 1, -1}
	for _, beta := range []float64{1e-3, 0.01, 0.1, 0.3, 0.5, 0.57, 0.6, 0.69, 0.71, 1} {
		enumerated(t, fmt.Sprint("XOR at ", beta), xor, parity, beta, xorOptimum(beta)*(1+1e-14), 1e-6)
	}
	enumerated(t, "one sample", dense([]float64{3, 4}), []float64{2}, 1, 0.38, 1e-6)
	enumerated(t, "opposite", dense([]float64{1}, []float64{-1}), []float64{2, -3}, 0.5, 2.25, 1e-6)
	degenerate := dense([]float64{1, 0}, []float64{1, 0}, []float64{-2, 0}, []float64{0, 0}, []float64{0, 1})
	enumerated(t, "degenerate", degenerate, []float64{1, 2, 1, 3, -1}, 0.25, 5.4453125, 1e-6)
}

func TestEnumerateMeetsReferences(t *testing.T) {
	var list []reference
	if err := json.Unmarshal(read(t, "values.json"), &list); err != nil {
		t.Fatal(err)
	}
	met := 0
	for _, ref := range list {
		if !strings.HasPrefix(ref.Kind, "exact ReLU") {
			continue
		}
		met++
		x, y := testdata(t, ref.Name+"_X.csv"), mat.Col(nil, 0, testdata(t, ref.Name+"_y.csv"))
		r := enumerated(t, fmt.Sprint(ref.Name, " at ", ref.Beta), x, y, ref.Beta, math.NaN(), 1e-6)
		if r.Certificate.LowerBound > ref.Primal*(1+1e-9) || r.Objective < ref.Dual*(1-1e-9) || r.Objective > ref.Primal*(1+1e-6) {
			t.Errorf("%s at %g: [%.10g, %.10g] against [%.10g, %.10g]", ref.Name, ref.Beta, r.Certificate.LowerBound, r.Objective, ref.Dual, ref.Primal)
		}
	}
	if met == 0 {
		t.Fatal("no reference")
	}
}
