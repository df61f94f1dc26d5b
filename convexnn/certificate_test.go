package convexnn_test

import (
	"strings"
	"testing"

	"github.com/convexnn/convexnn/convexnn"
)

// The sentence says what was proved and nothing more.
func TestStatement(t *testing.T) {
	for _, c := range []struct {
		certificate convexnn.Certificate
		want        string
	}{
		{
			convexnn.Certificate{Patterns: 500, Sampled: true, ProgramBound: 2.3456789, ProgramObjective: 2.345680, ProgramGap: 5e-7},
			"No weights on the 500 sampled activation patterns have an objective below 2.34567 (gap 0.001 %); networks with other patterns may.",
		},
		{
			convexnn.Certificate{Patterns: 1, ProgramBound: 9.877, ProgramObjective: 10, ProgramGap: 0.0123},
			"No weights on the one given activation pattern have an objective below 9.877 (gap 1.3 %);",
		},
		{
			convexnn.Certificate{Patterns: 7, Sampled: true, ProgramBound: 1, ProgramObjective: 2, ProgramGap: 0.5},
			"No weights on the 7 sampled activation patterns have an objective below 1 (gap 50 %);",
		},
		{
			convexnn.Certificate{Patterns: 7, ProgramObjective: 1, ProgramGap: 1.00001e-4},
			"No weights on the 7 given activation patterns have an objective below 0 (gap 0.011 %);",
		},
		{
			convexnn.Certificate{Kind: convexnn.CertifiedFixedWidth, Neurons: 3, LowerBound: 1.3999999, RelativeGap: 9e-7},
			"Optimal at this width within 0.001 %: no two-layer ReLU network of at most 3 neurons has an objective below 1.39999; wider ones may.",
		},
		{
			convexnn.Certificate{Kind: convexnn.CertifiedFixedWidth, Neurons: 1, LowerBound: 0.5, RelativeGap: 0.25},
			"No two-layer ReLU network of at most one neuron has an objective below 0.5 (gap 25 %); wider ones may.",
		},
		{
			convexnn.Certificate{Kind: convexnn.CertifiedFixedWidth, Neurons: 2, RelativeGap: 1},
			"Nothing of networks of at most 2 neurons: no lower bound above zero was found.",
		},
		{convexnn.Certificate{Kind: convexnn.CertifiedFixedWidth, Neurons: 2}, "Optimal: no objective is below zero."},
		{convexnn.Certificate{Sampled: true}, "Optimal: all samples are zero"},
		{convexnn.Certificate{Patterns: 0, ProgramGap: 1}, "Nothing is known"},
		{convexnn.Certificate{Patterns: 0, ProgramGap: 0}, "The given gates are active on no sample"},
	} {
		got := c.certificate.Statement()
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%q does not begin with %q", got, c.want)
		}
		if strings.Contains(got, "global") {
			t.Errorf("%q claims too much", got)
		}
	}
}
