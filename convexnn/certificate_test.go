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
			convexnn.Certificate{Patterns: 500, Sampled: true, ProgramBound: 2, ProgramObjective: 2.000001, ProgramGap: 5e-7},
			"The optimum of the convex program on the 500 sampled activation patterns lies between 2 and 2 (gap 0.001 %);",
		},
		{
			convexnn.Certificate{Patterns: 1, ProgramBound: 9.877, ProgramObjective: 10, ProgramGap: 0.0123},
			"The optimum of the convex program on the one given activation pattern lies between 9.877 and 10 (gap 1.3 %);",
		},
		{
			convexnn.Certificate{Patterns: 7, Sampled: true, ProgramBound: 1, ProgramObjective: 2, ProgramGap: 0.5},
			"The optimum of the convex program on the 7 sampled activation patterns lies between 1 and 2 (gap 50 %);",
		},
		{
			convexnn.Certificate{Patterns: 7, ProgramObjective: 1, ProgramGap: 1.00001e-4},
			"The optimum of the convex program on the 7 given activation patterns lies between 0 and 1 (gap 0.011 %);",
		},
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
