package pricing

import (
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
)

// startingDirections returns the directions to ascend from: those given, then
// settings.Starts of its own. They need no particular norm, but are never zero.
func startingDirections(p *problem, settings LocalSettings) [][]float64 {
	count := settings.Starts
	if count == 0 {
		count = 64
	}
	out := make([][]float64, 0, len(settings.Given)+max(count, 0))
	for _, g := range settings.Given {
		if norm(g) > 0 {
			out = append(out, g)
		}
	}
	_, d := p.x.Dims()
	for k := range max(count, 0) {
		// Start k depends on the seed and k alone: more starts extend the list.
		rng := rand.New(rand.NewPCG(settings.Seed, uint64(k)*0x9e3779b97f4a7c15))
		u := make([]float64, d)
		switch {
		case k == 0: // the gradient of the value where all samples are active
			for i, w := range p.v {
				floats.AddScaled(u, w, p.x.RawRowView(i))
			}
		case k == 1: // the same for the positive samples alone
			for _, i := range p.plus {
				floats.AddScaled(u, p.v[i], p.x.RawRowView(i))
			}
		case k%4 == 2: // a sample, in favour of it
			copy(u, p.x.RawRowView(p.plus[rng.IntN(len(p.plus))]))
		case k%4 == 0: // between two samples
			bisect(rng, u, p)
		}
		if norm(u) == 0 {
			for i := range u {
				u[i] = rng.NormFloat64()
			}
		}
		out = append(out, u)
	}
	return out
}

// bisect fills u with the direction that sees a random positive sample a and a
// random other sample b from opposite sides at equal distance: the part of a-b
// orthogonal to a+b. It is zero for parallel samples.
func bisect(rng *rand.Rand, u []float64, p *problem) {
	others := p.minus
	if len(others) == 0 {
		others = p.plus
	}
	a := p.x.RawRowView(p.plus[rng.IntN(len(p.plus))])
	b := p.x.RawRowView(others[rng.IntN(len(others))])
	sum := make([]float64, len(u))
	floats.AddTo(sum, a, b)
	floats.SubTo(u, a, b)
	if l := norm(sum); l > 0 {
		floats.Scale(1/l, sum)
		floats.AddScaled(u, -floats.Dot(u, sum), sum)
	}
}
