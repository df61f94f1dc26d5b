package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/convexnn/convexnn/convexnn"
)

// A rival is a network from elsewhere, with its objective.
type rival struct {
	name      string
	network   *convexnn.Network
	objective float64
	training  *training // whose bound is to be audited; nil for none
}

// auditSeed keeps the random numbers of audits apart from those of trainings.
const auditSeed = 1 << 40

// audit compares the bounds of a training, and of others for comparison, with what many
// searches, and all networks at hand, say.
func audit(ctx context.Context, s settings, p *problem, r *training, stored []storedNetwork) error {
	rivals := []rival{{"ours", r.Network, r.Objective, r}}
	others, err := rivalsOf(ctx, s, p, r, stored)
	if err != nil {
		return err
	}
	rivals = append(rivals, others...)
	for _, v := range rivals {
		if v.training == nil {
			continue
		}
		if err := auditOne(ctx, s, p, v, rivals); err != nil {
			return err
		}
	}
	return nil
}

// auditOne audits the bound of the training of one network.
func auditOne(ctx context.Context, s settings, p *problem, ours rival, rivals []rival) error {
	start := time.Now()
	reported, estimated := ours.training.bound()
	if reported.Dual == nil {
		fmt.Printf("  audit of %s: there is no bound\n", ours.name)
		return nil
	}
	lowest := slices.MinFunc(rivals, func(a, b rival) int { return cmp.Compare(a.objective, b.objective) })
	again, err := reprice(ctx, s, p, reported, lowest.objective, rivals)
	if err != nil {
		return err
	}
	kind := "proved"
	if estimated {
		kind = "estimated"
	}
	gap := func(bound float64) float64 { return (ours.objective - bound) / ours.objective }
	fmt.Printf("  audit of %s: price beta (1 + %.2g), was beta (1 + %.2g); bound %.8g, was %.8g (%s); gap %.2g, was %.2g (%d starts, %.3g s)\n",
		ours.name, again.price/p.beta-1, reported.Price.Value/p.beta-1, again.bound, reported.LowerBound, kind, gap(again.bound), gap(reported.LowerBound), s.starts, time.Since(start).Seconds())
	if excess := 1 - lowest.objective/reported.LowerBound; excess > 1e-9 {
		fmt.Printf("    REFUTED: %s has %.8g, %.2g below the bound reported.\n", lowest.name, lowest.objective, excess)
	} else {
		fmt.Printf("    No network refutes it; the lowest is %s with %.8g, %.2g above the bound reported.\n", lowest.name, lowest.objective, -excess)
	}
	return nil
}

// A repriced is the bound of a dual vector by another search.
type repriced struct{ price, bound float64 }

// reprice searches for neurons with a larger price than the certificate knows.
func reprice(ctx context.Context, s settings, p *problem, c convexnn.Certificate, objective float64, rivals []rival) (repriced, error) {
	how := convexnn.PriceSettings{MaxNodes: -1, Starts: s.starts, Polish: s.polish, Seed: s.seed + auditSeed}
	for _, v := range rivals {
		for _, h := range v.network.Neurons {
			for sign := range how.Given {
				how.Given[sign] = append(how.Given[sign], h.Weights)
			}
		}
	}
	price, err := convexnn.FindPrice(ctx, p.x, c.Dual, how)
	if err != nil {
		return repriced{}, err
	}
	// A search that finds less than is known refutes nothing, and confirms no more.
	price.Value = max(price.Value, c.Price.Value)
	out := repriced{price.Value, c.LowerBound}
	if out.price > c.Price.Value {
		out.bound = min(out.bound, convexnn.NewCertificate(p.y, c.Dual, p.beta, objective, price).LowerBound)
	}
	return out, nil
}

// rivalsOf collects networks of other origins and prints a line for each.
func rivalsOf(ctx context.Context, s settings, p *problem, r *training, stored []storedNetwork) ([]rival, error) {
	var rivals []rival
	add := func(name string, net *convexnn.Network, from *training, remark string) error {
		objective, _, err := net.Objective(p.x, p.y, p.beta)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("  %-36s %.7g%s\n", name, objective, remark)
		rivals = append(rivals, rival{name, net, objective, from})
		return nil
	}
	own := p.options(s)
	own.Seed++
	type kind struct {
		name    string
		options convexnn.Options
	}
	kinds := []kind{{"another seed", own}}
	if s.patterns > 0 {
		kinds = append(kinds, kind{"sampled patterns", convexnn.Options{Mode: convexnn.Sampled, Beta: p.beta, Patterns: s.patterns, Seed: s.seed}})
	}
	if s.long {
		own.Seed, own.Tolerance = s.seed, s.tolerance/20
		kinds = append(kinds, kind{"ten times the time", own})
	}
	for _, t := range kinds {
		other, err := train(ctx, p, t.options, 10*p.limit)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		remark := fmt.Sprintf(", %.2g below ours, in %.3g s", 1-other.Objective/r.Objective, other.seconds)
		var from *training
		if c, _ := other.bound(); t.options.Mode == convexnn.Global {
			from = other
			remark += fmt.Sprintf(" (%d rounds, its own gap %.2g, %s)", other.Rounds, c.RelativeGap, other.Status)
		}
		if err := add(t.name, other.Network, from, remark); err != nil {
			return nil, err
		}
	}
	for _, v := range stored {
		if v.Data != p.name {
			continue
		}
		net, err := v.network().Simplify(p.x, p.y, p.beta, false)
		if err != nil {
			return nil, fmt.Errorf("%s of the file: %w", v.Data, err)
		}
		if err := add(fmt.Sprintf("%s of the file, beta %.4g", cmp.Or(v.Method, "network"), v.Beta), net, nil, ""); err != nil {
			return nil, err
		}
	}
	return rivals, nil
}

// A storedNetwork is a network of a file: m neurons, with weights m x d.
type storedNetwork struct {
	Data    string      `json:"data"`
	Method  string      `json:"method"` // that found it; may be empty
	Beta    float64     `json:"beta"`
	Weights [][]float64 `json:"weights"`
	Outputs []float64   `json:"outputs"`
}

func (v storedNetwork) network() *convexnn.Network {
	net := &convexnn.Network{}
	for k, w := range v.Weights {
		net.Dim = len(w)
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: w, Output: v.Outputs[k]})
	}
	return net
}

// check refuses what is no network.
func (v storedNetwork) check() error {
	if len(v.Weights) == 0 || len(v.Weights) != len(v.Outputs) {
		return fmt.Errorf("the network on %q has %d weight vectors and %d outputs", v.Data, len(v.Weights), len(v.Outputs))
	}
	for _, w := range v.Weights {
		if len(w) != len(v.Weights[0]) {
			return fmt.Errorf("the network on %q has neurons of %d and %d weights", v.Data, len(v.Weights[0]), len(w))
		}
	}
	return nil
}

// readNetworks reads a list of networks, or the archive of bench/global. An empty path has
// none.
func readNetworks(path string) ([]storedNetwork, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []storedNetwork
	if err := json.Unmarshal(b, &list); err != nil {
		if list, err = readArchive(b); err != nil {
			return nil, fmt.Errorf("%s holds no networks: %w", path, err)
		}
	}
	for _, v := range list {
		if err := v.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return list, nil
}

// readArchive reads the networks of the archive that bench/global keeps.
func readArchive(b []byte) ([]storedNetwork, error) {
	type methods map[string]struct {
		Sweeps []struct {
			Beta    float64          `json:"beta"`
			Network convexnn.Network `json:"network"`
		} `json:"sweeps"`
	}
	var sets map[string]methods
	if err := json.Unmarshal(b, &sets); err != nil {
		return nil, err
	}
	var list []storedNetwork
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		for _, method := range slices.Sorted(maps.Keys(sets[name])) {
			for _, sweep := range sets[name][method].Sweeps {
				v := storedNetwork{Data: name, Method: method, Beta: sweep.Beta}
				for _, h := range sweep.Network.Neurons {
					v.Weights, v.Outputs = append(v.Weights, h.Weights), append(v.Outputs, h.Output)
				}
				list = append(list, v)
			}
		}
	}
	return list, nil
}
