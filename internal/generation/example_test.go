package generation_test

import (
	"context"
	"fmt"
	"log"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/internal/generation"
	"github.com/convexnn/convexnn/internal/lasso"
)

// An opposite oracle is that of the samples 1 and -1 with targets y. The neurons 1 and
// -1 see one each, so that the price of v is the larger of |v_1| and |v_2|.
type opposite struct {
	y, dual []float64
	beta    float64
	bound   float64
}

func (o *opposite) Price(_ context.Context, q generation.Query) ([][]float64, error) {
	// A multiple of v on which no price exceeds beta bounds every network by
	// y.v - |v|^2/2.
	scale := min(1, o.beta/max(math.Abs(q.Dual[0]), math.Abs(q.Dual[1])))
	dual, bound := make([]float64, 2), 0.0
	for i, v := range q.Dual {
		dual[i] = scale * v
		bound += o.y[i]*dual[i] - dual[i]*dual[i]/2
	}
	if o.dual == nil || bound > o.bound {
		o.dual, o.bound = dual, bound
	}
	return [][]float64{{1}, {-1}}, nil
}

func (o *opposite) Best(generation.Effort) ([]float64, float64) { return o.dual, o.bound }

func ExampleRun() {
	y := []float64{2, -3}
	p := generation.Problem{X: mat.NewDense(2, 1, []float64{1, -1}), Loss: lasso.NewSquared(y, 1), Beta: 0.5}
	r, err := generation.Run(context.Background(), p, &opposite{y: y, beta: p.Beta}, generation.Settings{})
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range r.Neurons {
		fmt.Printf("direction %2.0f, gain %4.1f\n", h.Direction[0], h.Gain[0])
	}
	fmt.Printf("objective %.3f, converged: %v\n", r.Objective, r.Converged)
	// Output:
	// direction  1, gain  1.5
	// direction -1, gain -2.5
	// objective 2.250, converged: true
}
