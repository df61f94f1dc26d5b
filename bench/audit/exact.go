package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/bench/internal/table"
	"github.com/convexnn/convexnn/convexnn"
)

const (
	exactBeta      = 0.3
	exactTolerance = 1e-5
)

// wave is y = sin(2 x_1) on n Gaussian samples with a column of ones.
func wave(seed uint64, n, d int) (*mat.Dense, []float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	x, y := mat.NewDense(n, d, nil), make([]float64, n)
	for i := range y {
		for k := range d - 1 {
			x.Set(i, k, rng.NormFloat64())
		}
		x.Set(i, d-1, 1)
		y[i] = math.Sin(2 * x.At(i, 0))
	}
	return x, y
}

// certified trains small instances to a certificate and prints medians over seeds.
func certified(ctx context.Context, s settings) error {
	fmt.Printf("\nCertified to %g, y = sin(2 x_1), beta %g, %d seeds: medians, and the largest gap.\n\n", exactTolerance, exactBeta, s.seeds)
	fmt.Println("| n | d | mode | priced by | seconds | slowest | rounds | nodes or cells | largest gap | exact | solved |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range []struct {
		n, d int
		mode convexnn.Mode
	}{{25, 5, convexnn.Auto}, {25, 5, convexnn.Global}, {30, 10, convexnn.Auto}} {
		var times, rounds, work []float64
		exact, solved, most := 0, 0, 0.0
		var methods []string
		var used convexnn.Mode
		for seed := range uint64(s.seeds) {
			x, y := wave(seed, c.n, c.d)
			start := time.Now()
			r, err := convexnn.Train(ctx, x, y, convexnn.Options{Mode: c.mode, Beta: exactBeta, Tolerance: exactTolerance, Seed: seed})
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			times, used = append(times, time.Since(start).Seconds()), r.Mode
			price := r.Certificate.Price
			if name := string(price.Method); !slices.Contains(methods, name) {
				methods = append(methods, name)
			}
			rounds, work = append(rounds, float64(r.Rounds)), append(work, float64(price.Nodes)+float64(price.Cells))
			most = max(most, r.Certificate.RelativeGap)
			if r.Certificate.Kind == convexnn.CertifiedExact {
				exact++
			}
			if r.Status == convexnn.Solved {
				solved++
			}
		}
		name := c.mode.String()
		if c.mode == convexnn.Auto {
			name = fmt.Sprintf("auto (%v)", used)
		}
		fmt.Printf("| %d | %d | %s | %s | %.3g | %.3g | %.0f | %.0f | %.1e | %d of %d | %d of %d |\n", c.n, c.d, name, strings.Join(methods, ", "),
			table.Median(times), slices.Max(times), table.Median(rounds), table.Median(work), most, exact, s.seeds, solved, s.seeds)
	}
	return nil
}
