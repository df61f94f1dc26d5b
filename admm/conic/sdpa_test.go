package conic_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/convexnn/convexnn/admm/conic"
)

// The example of the SDPA manual (Fujisawa, Kojima, Nakata and Yamashita), whose optimum
// is given there as -41.9.
const manual = `"Example 1: mDim = 3, nBLOCK = 1, {2}"
   3  =  mDIM
   1  =  nBLOCK
   2  = bLOCKsTRUCT
{48, -8, 20}
0 1 1 1 -11
0 1 2 2 23
1 1 1 1 10
1 1 1 2 4
2 1 2 2 -8
3 1 1 2 -8
3 1 2 2 -2
`

func TestSDPAManual(t *testing.T) {
	p, err := conic.ReadSDPA(strings.NewReader(manual))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.B, []float64{48, -8, 20}) || !slices.Equal(p.C, []float64{11, 0, -23}) {
		t.Errorf("b = %v, c = %v", p.B, p.C)
	}
	// The minimum of (D) turned is minus -41.9.
	r := optimal(t, p, 41.9)
	// The manual's solution of (P).
	for i, x := range []float64{-1.1, -2.7375, -0.55} {
		if math.Abs(-r.Y[i]-x) > 1e-4 {
			t.Errorf("x[%d] is %g, the manual has %g", i, -r.Y[i], x)
		}
	}
}

func write(t *testing.T, p *conic.Problem) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteSDPA(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func same(t *testing.T, p, q *conic.Problem) {
	t.Helper()
	close := func(a, b float64) bool { return math.Abs(a-b) <= 4e-16*max(math.Abs(a), math.Abs(b)) }
	if !slices.Equal(p.Cones, q.Cones) || !slices.Equal(p.B, q.B) || !slices.EqualFunc(p.C, q.C, close) {
		t.Errorf("%v became %v", p, q)
	}
	type entry struct {
		i, j int
		v    float64
	}
	list := func(a *conic.Matrix) (out []entry) {
		a.All(func(i, j int, v float64) { out = append(out, entry{i, j, v}) })
		return out
	}
	if !slices.EqualFunc(list(p.A), list(q.A), func(a, b entry) bool { return a.i == b.i && a.j == b.j && close(a.v, b.v) }) {
		t.Errorf("%v has other equations", q)
	}
}

// What the format holds comes back the same; the rest as an equal problem.
func TestSDPARoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	for trial := range 6 {
		p, _ := random(rng, []conic.Cone{{Kind: conic.Semidefinite, Size: 4}, {Kind: conic.NonNegative, Size: 5}, {Kind: conic.Semidefinite, Size: 1 + trial}}, 7, false)
		q, err := conic.ReadSDPA(bytes.NewReader(write(t, p)))
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, q)
	}
	p, want := random(rng, []conic.Cone{
		{Kind: conic.Free, Size: 3},
		{Kind: conic.Zero, Size: 2},
		{Kind: conic.SecondOrder, Size: 4},
		{Kind: conic.SecondOrder, Size: 1},
		{Kind: conic.Semidefinite, Size: 3},
		{Kind: conic.NonNegative, Size: 4},
		{Kind: conic.SecondOrder, Size: 0},
	}, 9, false)
	text := write(t, p)
	q, err := conic.ReadSDPA(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	optimal(t, p, want)
	optimal(t, q, want)
	again, err := conic.ReadSDPA(bytes.NewReader(write(t, q)))
	if err != nil {
		t.Fatal(err)
	}
	same(t, q, again)
	if err := shrinkage(orthogonal(rng, 2), 1).WriteSDPA(&bytes.Buffer{}); !errors.Is(err, conic.ErrFormat) {
		t.Errorf("a quadratic part was written: %v", err)
	}
}

func TestSDPAErrors(t *testing.T) {
	for _, test := range [][2]string{
		{"", "ends before the number of equations"},
		{"x", `line 1: the number of equations is "x"`},
		{"-1", "line 1"},
		{"1\n1\n", "ends before the size"},
		{"1\n1\n0\n1\n", "size of a block"},
		{"1\n1\n99999999\n1\n", "too large"},
		{"1\n2\n5000 5000\n1\n", "more than"},
		{"2\n1\n2\n1\n", "ends before c[2]"},
		{"1\n1\n2\nNaN\n", "not a finite number"},
		{"3\n1\n2\n1 2\n1 1 1 1 1\n", "line 5: more than 3 numbers"}, // c is short: this is an entry
		{"1\n1\n2\n1\n1 1 1 1\n", "line 5: 4 words"},
		{"1\n1\n2\n1\n2 1 1 1 1\n", "from 0 to 1"},
		{"1\n1\n2\n1\n1 2 1 1 1\n", "word 2"},
		{"1\n1\n2\n1\n1 1 0 1 1\n", "word 3"},
		{"1\n1\n2\n1\n1 1 1 3 1\n", "no entry (1, 3)"},
		{"1\n1\n-2\n1\n1 1 1 2 1\n", "no entry (1, 2)"},
		{"1\n1\n2\n1\n1 1 1 2 1\n1 1 2 1 1\n", "line 6: entry (2, 1) of block 1 of matrix 1 is given twice"},
		{"1\n1\n2\n1\n1 1 1 2 1e400\n", "not a finite"},
		{"1\n1\n2\n1\n1 1 1 2 1.7e308\n", "not a finite"},
	} {
		_, err := conic.ReadSDPA(strings.NewReader(test[0]))
		if !errors.Is(err, conic.ErrFormat) || !strings.Contains(err.Error(), test[1]) {
			t.Errorf("%q: error %v, want one with %q", test[0], err, test[1])
		}
	}
}

// Whatever is read is valid, and comes back from its own file.
func FuzzReadSDPA(f *testing.F) {
	f.Add([]byte(manual))
	f.Add([]byte("0\n0\n\n\n"))
	f.Add([]byte("* a comment\n2\n2\n(2, -3)\n1,2\n1 1 1 2 0.5\n2 2 3 3 -1e-3\n0 2 1 1 4\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 {
			return
		}
		p, err := conic.ReadSDPA(bytes.NewReader(data))
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("invalid after reading: %v", err)
		}
		if len(p.C) > 1<<16 {
			return
		}
		q, err := conic.ReadSDPA(bytes.NewReader(write(t, p)))
		if err != nil {
			t.Fatalf("its own file: %v", err)
		}
		same(t, p, q)
	})
}

// Another solver finds the same optimum in the file, with the other sign.
func TestAgainstCSDPLive(t *testing.T) {
	csdp, err := exec.LookPath("csdp")
	if err != nil {
		t.Skip("no csdp")
	}
	rng := rand.New(rand.NewPCG(16, 1))
	mixed, want := random(rng, []conic.Cone{{Kind: conic.SecondOrder, Size: 4}, {Kind: conic.Semidefinite, Size: 5}, {Kind: conic.NonNegative, Size: 6}}, 8, false)
	for name, test := range map[string]struct {
		p    *conic.Problem
		want float64
	}{
		"max-cut of C5":         {maxCut(5, cycle(5)), -2.5 * (1 + math.Cos(math.Pi/5))},
		"theta of Petersen":     {theta(10, petersen()), -4},
		"mixed by construction": {mixed, want},
	} {
		file := filepath.Join(t.TempDir(), "problem.dat-s")
		if err := os.WriteFile(file, write(t, test.p), 0o600); err != nil {
			t.Fatal(err)
		}
		log, err := exec.Command(csdp, file).CombinedOutput()
		found := regexp.MustCompile(`Dual objective value:\s*(\S+)`).FindSubmatch(log)
		if err != nil || found == nil {
			t.Fatalf("%s: %v\n%s", name, err, log)
		}
		got, err := strconv.ParseFloat(string(found[1]), 64)
		if err != nil || math.Abs(-got-test.want) > 1e-5*max(1, math.Abs(test.want)) {
			t.Errorf("%s: csdp finds %g (%v), want %g", name, -got, err, test.want)
		}
	}
}
