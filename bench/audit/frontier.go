package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"gonum.org/v1/gonum/floats"

	"github.com/convexnn/convexnn/arrangements/pricing"
	"github.com/convexnn/convexnn/convexnn"
)

// frontier prints what branch and bound proves of the dual vector of a training in the
// time given, half of it for each sign.
func frontier(ctx context.Context, s settings, p *problem, r *training) error {
	c, _ := r.bound()
	if c.Dual == nil {
		fmt.Println("  frontier: there is no dual vector")
		return nil
	}
	price := convexnn.Price{Kind: convexnn.CertifiedBounded, Method: convexnn.ByTree}
	open := 0
	start := time.Now()
	for _, sign := range []float64{1, -1} {
		w := floats.ScaleTo(make([]float64, len(c.Dual)), sign, c.Dual)
		tree, err := proveSign(ctx, s, p, r.Network, w)
		if err != nil {
			return err
		}
		price.Value, price.Upper = max(price.Value, tree.Value), max(price.Upper, tree.Upper)
		price.Nodes += tree.Nodes
		open += tree.Open
		fmt.Printf("  sign %+.0f: price within [%.6g, %.6g], %d nodes, %d open\n", sign, tree.Value, tree.Upper, tree.Nodes, tree.Open)
	}
	if price.Upper <= max(price.Value, p.beta)*(1+1e-8) {
		price.Kind = convexnn.CertifiedExact
	}
	proved := convexnn.NewCertificate(p.y, c.Dual, p.beta, r.Objective, price)
	fmt.Printf("  frontier: proved %.7g (%s), gap %.2f %%, price at most %.4g beta, %d nodes, %d open, %.0f s; the training itself proved %.7g\n",
		proved.LowerBound, proved.Kind, 100*proved.RelativeGap, price.Upper/p.beta, price.Nodes, open, time.Since(start).Seconds(), r.Certificate.LowerBound)
	return nil
}

// proveSign runs branch and bound on one sign.
func proveSign(ctx context.Context, s settings, p *problem, net *convexnn.Network, v []float64) (pricing.Result, error) {
	limited, cancel := context.WithTimeout(ctx, s.proof/2)
	defer cancel()
	how := pricing.TreeSettings{Floor: p.beta, MaxNodes: s.nodes, Seed: s.seed}
	for _, h := range net.Neurons {
		how.Given = append(how.Given, h.Weights)
	}
	r, err := pricing.BranchAndBound(limited, p.x, v, how)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = nil // what is proved by then is what is asked for
	}
	if err == nil && (math.IsNaN(r.Upper) || r.Upper < r.Value) {
		err = fmt.Errorf("a price within [%v, %v]", r.Value, r.Upper)
	}
	return r, err
}
