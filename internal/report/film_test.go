package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// stillFilm is a film where viewers know no animation: what moves is not displayed.
type stillFilm struct{ FlowFilm }

func (f stillFilm) Write(w io.Writer, format string) error {
	var b bytes.Buffer
	if err := f.FlowFilm.Write(&b, format); err != nil {
		return err
	}
	if format == "svg" {
		b = *bytes.NewBuffer(withoutHidden(b.Bytes()))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// withoutHidden leaves out the groups of an SVG with display none.
func withoutHidden(svg []byte) []byte {
	var out []byte
	from, depth, hidden := int64(0), 0, 0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		before := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return append(out, svg[from:]...)
		}
		if err != nil {
			panic(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			if hidden == 0 && e.Name.Local == "g" && attribute(e, "display") == "none" {
				hidden = depth
				out = append(out, svg[from:before]...)
			}
		case xml.EndElement:
			if depth == hidden {
				hidden, from = 0, d.InputOffset()
			}
			depth--
		}
	}
}

// An animation is an element that animates, with the one around it.
type animation struct {
	xml.StartElement
	of xml.StartElement
}

func animations(t *testing.T, svg []byte) (out []animation) {
	t.Helper()
	var open []xml.StartElement
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if strings.HasPrefix(e.Name.Local, "animate") {
				out = append(out, animation{e.Copy(), open[len(open)-1]})
			}
			open = append(open, e.Copy())
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// Each animation has a value for each of its times, which increase from 0 to 1; paths keep
// their commands, and all end as the still picture has them.
func TestFilmMoves(t *testing.T) {
	const frames = 20
	svg := bytesOf(t, FlowFilm(exampleFlow(sixSamples, frames)), "svg")
	if strings.Contains(string(svg), "<script") || !strings.Contains(string(svg), "prefers-reduced-motion:no-preference") {
		t.Error("the film has a script, or plays for those who do not want it")
	}
	numerals := regexp.MustCompile(`-?[0-9]+`)
	kinds := make(map[string]int)
	for _, a := range animations(t, svg) {
		what := attribute(a.StartElement, "attributeName") + attribute(a.StartElement, "type")
		kinds[what]++
		times, values := strings.Split(attribute(a.StartElement, "keyTimes"), ";"), strings.Split(attribute(a.StartElement, "values"), ";")
		if len(times) != len(values) || times[0] != "0" {
			t.Fatalf("%s: %d times and %d values", what, len(times), len(values))
		}
		for k := range times[1:] {
			if number(t, times[k]) >= number(t, times[k+1]) {
				t.Errorf("%s: the time %s comes before %s", what, times[k], times[k+1])
			}
		}
		if what == "display" {
			continue
		}
		last := values[len(values)-1]
		if len(values) != frames+2 || times[len(times)-1] != "1" || values[0] != values[1] || last != values[frames] {
			t.Errorf("%s: %d values until %s", what, len(values), times[len(times)-1])
		}
		base := attribute(a.of, attribute(a.StartElement, "attributeName"))
		if what == "width" {
			continue
		}
		if what != "d" && what != "r" {
			last = attribute(a.StartElement, "type") + "(" + last + ")"
		}
		if base != last {
			t.Errorf("%s ends at %.60s, and stands at %.60s", what, last, base)
		}
		for _, v := range values {
			if what == "d" && len(numerals.FindAllString(v, -1)) != len(numerals.FindAllString(values[0], -1)) {
				t.Fatalf("a path has %d numbers, and at first %d", len(numerals.FindAllString(v, -1)), len(numerals.FindAllString(values[0], -1)))
			}
		}
	}
	for _, what := range []string{"d", "r", "display", "transformrotate", "transformscale", "width"} {
		if kinds[what] == 0 {
			t.Errorf("nothing has a moving %s", what)
		}
	}
}

// A neuron turns as its directions do, and the price curve is where the price is.
func TestFilmInPlace(t *testing.T) {
	f := FlowFilm(optimalFlow())
	f.Frames = append(f.Frames, f.Frames[0])
	f.Frames[1].Neurons = []FlowNeuron{{X: 0, Y: 1, Share: 1, Positive: true}}
	f.Frames[1].Nu = []float64{0, 0, -1}
	svg := bytesOf(t, f, "svg")
	s := newStudio(Flow(f))
	rotates, curves := 0, 0
	for _, a := range animations(t, svg) {
		values := strings.Split(attribute(a.StartElement, "values"), ";")
		switch {
		case attribute(a.StartElement, "type") == "rotate" && values[1] == "45":
			rotates++
			if values[2] != "90" {
				t.Errorf("the neuron turns to %s degrees", values[2])
			}
		case attribute(a.StartElement, "attributeName") == "d" && strings.Contains(attribute(a.of, "style"), hex(vermilion)) && strings.HasSuffix(values[1], "z"):
			curves++
			line := polyline(t, values[1])
			for k, angle := range s.cells.grid(80, 40, s.last.Nu) {
				want := max(0, plainPrice(threeSamples, optimalNu, 1, angle)) * float64(s.plane.unit)
				if got := math.Hypot(line[k].X, line[k].Y); math.Abs(got-want) > 0.1 {
					t.Errorf("at %g the curve is %g out, want %g", angle, got, want)
				}
			}
		}
	}
	if rotates != 1 || curves != 1 {
		t.Errorf("%d neurons from 45 degrees and %d curves", rotates, curves)
	}
}

// A neuron that dies is drawn alive until halfway between two frames, then dead.
func TestNeuronDiesInFilm(t *testing.T) {
	f := FlowFilm(optimalFlow())
	f.Frames = append(f.Frames, f.Frames[0])
	f.Frames[0].Neurons = []FlowNeuron{{X: 1, Share: 0.5}}
	f.Frames[1].Neurons = []FlowNeuron{{X: 1, Share: 0.5, Dead: true}}
	f.Frames[0].Title, f.Frames[0].Nu, f.Frames[1].Nu = "other", nil, nil
	var got []string
	for _, a := range animations(t, bytesOf(t, f, "svg")) {
		if attribute(a.StartElement, "attributeName") == "display" {
			got = append(got, attribute(a.StartElement, "keyTimes")+" "+attribute(a.StartElement, "values"))
		}
	}
	// Of 5.25 seconds the frames are at 1 and 1.25; both neurons, and both captions, change.
	const half = "0;.2143 "
	if want := []string{half + "none;inline", half + "inline;none", half + "inline;none", half + "none;inline"}; !slices.Equal(got, want) {
		t.Errorf("shown at %q, want %q", got, want)
	}
}

// polyline reads a path in steps of tenths.
func polyline(t *testing.T, d string) (out []XY) {
	t.Helper()
	var v []float64
	for _, s := range regexp.MustCompile(`-?[0-9]+`).FindAllString(d, -1) {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		v = append(v, float64(n)/filmScale)
	}
	var at XY
	for k := 0; k+1 < len(v); k += 2 {
		at = XY{at.X + v[k], at.Y + v[k+1]}
		out = append(out, at)
	}
	return out
}

// Files stay small, and a film of one frame does not move.
func TestSizesOfFilms(t *testing.T) {
	moments := frames(sixSamples, simulated(sixSamples, 1), 200)
	for k := range moments {
		for len(moments[k].Neurons) < 300 {
			moments[k].Neurons = append(moments[k].Neurons, moments[k].Neurons[:12]...)
		}
	}
	cuts, _ := randomSamples(rand.New(rand.NewPCG(3, 1)), 14)
	most := Flow{Samples: append(slices.Clone(sixSamples), cuts...), Frames: moments}
	if size := len(bytesOf(t, FlowFilm(most), "svg")); size > 300e3 {
		t.Errorf("a long film of many neurons has %d bytes", size)
	}
	if size := len(bytesOf(t, most, "svg")); size > 300e3 {
		t.Errorf("many frames of many neurons have %d bytes", size)
	}
	if size := len(bytesOf(t, FlowFilm(exampleFlow(sixSamples, 48)), "svg")); size > 220e3 {
		t.Errorf("the usual film has %d bytes", size)
	}
	if one := bytesOf(t, FlowFilm(exampleFlow(sixSamples, 1)), "svg"); len(animations(t, one)) > 0 {
		t.Error("a film of one frame moves")
	}
	if !bytes.Equal(bytesOf(t, FlowFilm(exampleFlow(sixSamples, 5)), "png"), bytesOf(t, stillFilm{FlowFilm(exampleFlow(sixSamples, 5))}, "png")) {
		t.Error("a film as PNG is another")
	}
}

func TestShortNumbers(t *testing.T) {
	for _, test := range []struct {
		v      float64
		digits int
		want   string
	}{{0, 1, "0"}, {-0.04, 1, "0"}, {1, 3, "1"}, {10, 1, "10"}, {0.25, 2, ".25"}, {-0.5, 1, "-.5"}, {100.04, 1, "100"}, {-90, 1, "-90"}, {0.0302, 4, ".0302"}} {
		if got := short(test.v, test.digits); got != test.want {
			t.Errorf("%g is written %q, want %q", test.v, got, test.want)
		}
	}
}
