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
		{convexnn.Certificate{Patterns: 500, Sampled: true, ProgramGap: 3.4e-6}, "Within 0.001 % of the optimum of the convex program on the 500 sampled activation patterns;"},
		{convexnn.Certificate{Patterns: 1, ProgramGap: 0.0123}, "Within 1.2 % of the optimum of the convex program on the one given activation pattern;"},
		{convexnn.Certificate{Patterns: 7, Sampled: true, ProgramGap: 0.9961}, "Within 100 %"},
		{convexnn.Certificate{Patterns: 0, ProgramGap: 1}, "Nothing is known"},
		{convexnn.Certificate{Patterns: 0, ProgramGap: 0}, "Optimal: the data have no activation pattern"},
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
