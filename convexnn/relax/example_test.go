package relax_test

import (
	"context"
	"fmt"
	"log"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn/relax"
)

// XOR with a bias: the best network has four neurons, which local search rarely finds, and
// the sign split proves what the plain moments do not.
func Example() {
	x := mat.NewDense(4, 3, []float64{0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1})
	y := mat.NewDense(4, 1, []float64{-1, 1, 1, -1})
	p, err := relax.New(x, y, 0.1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("moments:", p.MomentsSize(false))
	l, err := p.Ladder(context.Background(), relax.Settings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("gated      %.4f\n", l.Gated.Value)
	fmt.Printf("moments    %.4f\n", l.Moments.Value)
	fmt.Printf("sign split %.4f\n", l.SignSplit.Value)
	fmt.Printf("trace form %.4f\n", l.Trace.Value)
	fmt.Printf("network    %.4f with %d neurons, %s\n", l.Objective, len(l.Network.Neurons), l.Kind)
	// Output:
	// moments: a matrix of order 8, 60 unknowns, 28 equations, about 116.8 KiB
	// gated      0.2738
	// moments    0.5752
	// sign split 0.5793
	// trace form 0.5793
	// network    0.5793 with 4 neurons, exact
}

// Two outputs in the plane: the trace form is exact, and the network has its value.
func ExampleTrace_Recover() {
	x := mat.NewDense(5, 2, []float64{-2, 1, -1, 1, 0, 1, 1, 1, 2, 1}) // one feature and a bias
	y := mat.NewDense(5, 2, []float64{2, -1, 1, 0, 0, 1, 1, 0, 2, -1})
	p, err := relax.New(x, y, 0.1)
	if err != nil {
		log.Fatal(err)
	}
	trace, err := p.Trace(context.Background(), relax.TraceSettings{})
	if err != nil {
		log.Fatal(err)
	}
	r, err := trace.Recover(context.Background(), relax.RecoverSettings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d cells, exact: %t\n", int(trace.Size.Cells), trace.Exact())
	fmt.Printf("program %.5f, network %.5f, proved %.5f\n", trace.Value, r.Objective, r.Lower)
	// Output:
	// 9 cells, exact: true
	// program 0.36634, network 0.36634, proved 0.36634
}
