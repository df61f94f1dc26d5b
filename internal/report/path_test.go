package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/plot/vg"
)

var update = flag.Bool("update", false, "write testdata/path.svg anew")

// example is a path with all that a picture can have.
func example(points int) Path {
	f := Path{Title: "Regularisation path of an example", Subtitle: "chosen by validation accuracy (0.9271): beta 8.9, 24 neurons", Metric: "accuracy", Chosen: points / 2}
	for k := range points {
		beta := 700 * math.Pow(1e-3, float64(k)/float64(points))
		objective := 200 * beta / (60 + beta)
		f.Points = append(f.Points, PathPoint{
			Beta: beta, Objective: objective, Proved: objective * (1 - 0.04*float64(k%20)), Estimated: objective * 0.96,
			Train: 1 - 0.3/float64(k+1), Validation: 0.97 - 0.3/float64(k+1), Neurons: 2 * k,
		})
	}
	f.Points[0].Estimated = math.NaN()
	return f
}

func render(t *testing.T, f Path, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The file was looked at. Numbers are compared up to the last digit printed, which
// may differ between machines.
func TestGoldenSVG(t *testing.T) {
	const path = "testdata/path.svg"
	got := render(t, example(12), "svg")
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	numeral := regexp.MustCompile(`-?\d+(\.\d+)?(e[-+]\d+)?`)
	if a, b := numeral.ReplaceAllString(string(got), "0"), numeral.ReplaceAllString(string(want), "0"); a != b {
		t.Fatal("another picture; look at it and run with -update")
	}
	a, b := numeral.FindAllString(string(got), -1), numeral.FindAllString(string(want), -1)
	for k := range a {
		if math.Abs(number(t, a[k])-number(t, b[k])) > 0.02 {
			t.Fatalf("number %d is %s, was %s", k, a[k], b[k])
		}
	}
}

func TestSameBytes(t *testing.T) {
	for format := range formats {
		if !bytes.Equal(render(t, example(20), format), render(t, example(20), format)) {
			t.Errorf("%s: two pictures of one path differ", format)
		}
	}
}

// A word is text of an SVG with the box that it fills, the origin in the lower left corner.
type word struct {
	text                   string
	left, right, low, high float64
}

// words lists the texts of an SVG, level or turned by a right angle.
func words(t *testing.T, svg []byte) (out []word) {
	t.Helper()
	var turned []bool // for each group that is open
	height := 0.0
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("not XML: %v", err)
		}
		if end, ok := token.(xml.EndElement); ok && end.Name.Local == "g" {
			turned = turned[:len(turned)-1]
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		value := make(map[string]string)
		for _, a := range start.Attr {
			value[a.Name.Local] = a.Value
		}
		switch start.Name.Local {
		case "svg":
			height = number(t, strings.Fields(value["viewBox"])[3])
		case "g":
			turned = append(turned, strings.HasPrefix(value["transform"], "rotate(90"))
		case "text":
			var w word
			if err := d.DecodeElement(&w.text, &start); err != nil {
				t.Fatal(err)
			}
			size := number(t, regexp.MustCompile(`font-size:([0-9.]+)px`).FindStringSubmatch(value["style"])[1])
			s := style(vg.Length(size), strings.Contains(value["style"], "weight:bold"), ink, 0, 0)
			x, y, width := number(t, value["x"]), -number(t, value["y"]), float64(s.Width(w.text))
			w.left, w.right, w.low, w.high = x, x+width, y-0.21*size, y+0.73*size
			if turned[len(turned)-1] {
				w.left, w.right, w.low, w.high = -w.high, -w.low, x, x+width
			}
			if w.low < 0 || w.high > height {
				t.Errorf("%q is from %g to %g on a page as high as %g", w.text, w.low, w.high, height)
			}
			out = append(out, w)
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// vertices lists the corners of the lines of an SVG.
func vertices(t *testing.T, svg []byte) (out []XY) {
	t.Helper()
	for _, path := range regexp.MustCompile(` d="[^"]*"`).FindAll(svg, -1) {
		for _, m := range regexp.MustCompile(`[ML]([^,]*),([^A-Z"]*)`).FindAllSubmatch(path, -1) {
			out = append(out, XY{number(t, string(m[1])), number(t, string(m[2]))})
		}
	}
	return out
}

// checkRoom checks that no two texts overlap, all that is drawn is on the page, there are
// at least so many texts, and none shows what is not a number.
func checkRoom(t *testing.T, name string, svg []byte, width, height float64, least int) {
	t.Helper()
	if strings.Contains(string(svg), "NaN") || strings.Contains(string(svg), "Inf") {
		t.Errorf("%s: not a number in the picture", name)
	}
	list := words(t, svg)
	if len(list) < least {
		t.Errorf("%s: only %d texts", name, len(list))
	}
	for i, a := range list {
		for _, r := range a.text {
			if g, err := handler().Fonts.Lookup(style(9, false, ink, 0, 0).Font, 9).Face.GlyphIndex(nil, r); err != nil || g == 0 {
				t.Errorf("%s: %q holds %q, which the font lacks (%v)", name, a.text, r, err)
			}
		}
		if a.left < 0 || a.right > width || a.low < 0 || a.high > height {
			t.Errorf("%s: %q at (%g, %g) is off the page", name, a.text, a.left, a.low)
		}
		for _, b := range list[:i] {
			if a.left < b.right && b.left < a.right && a.low < b.high && b.low < a.high {
				t.Errorf("%s: %q and %q overlap", name, a.text, b.text)
			}
		}
	}
	for _, v := range vertices(t, svg) {
		if v.X < -1 || v.X > width+1 || v.Y < -1 || v.Y > height+1 {
			t.Fatalf("%s: a line to (%g, %g) is off the page", name, v.X, v.Y)
		}
	}
}

// No two texts overlap, all are on the page, and none shows what is not a number,
// whatever the ranges.
func TestTextsHaveRoom(t *testing.T) {
	long := example(3)
	long.Title = "<&\x01\n\xff" + strings.Repeat("data-of-a-long-name ", 9)
	tiny, wide, narrow, flat, undefined, single := example(4), example(6), example(4), example(4), example(4), example(1)
	for k := range tiny.Points {
		tiny.Points[k].Beta *= 1e-9
		tiny.Points[k].Objective *= 1e-12
		narrow.Points[k].Beta = 3.14 + 1e-3*float64(4-k)
		flat.Points[k] = PathPoint{Beta: flat.Points[k].Beta, Estimated: math.NaN()}
		undefined.Points[k] = PathPoint{Beta: 1 / float64(k+1), Objective: 1, Proved: math.NaN(), Estimated: math.NaN(), Train: math.NaN(), Validation: math.NaN()}
	}
	for k := range wide.Points {
		wide.Points[k].Beta = math.Pow(10, float64(20-8*k))
		wide.Points[k].Objective = math.Pow(10, float64(30-9*k))
		wide.Points[k].Validation = -math.Pow(10, float64(3*k))
		wide.Points[k].Neurons = 12345 * k
	}
	for name, f := range map[string]Path{
		"usual": example(20), "many": example(200), "long": long, "tiny": tiny, "wide": wide, "narrow": narrow, "flat": flat, "undefined": undefined, "single": single,
	} {
		svg := render(t, f, "svg")
		// Headings, keys, and labels of four axes.
		checkRoom(t, name, svg, pageWidth, pageHeight, 18)
	}
}

// The picture has the colours of its series, and the marks are where the values are.
func TestMarksAreInPlace(t *testing.T) {
	f := example(5)
	f.Points[2].Validation = 0.2 // far from all else
	img, err := png.Decode(bytes.NewReader(render(t, f, "png")))
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, pageWidth*200/72, pageHeight*200/72) {
		t.Errorf("the picture is %v", img.Bounds())
	}
	lowest, at := 0, 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.NRGBAModel.Convert(img.At(x, y)) == vermilion && y > lowest && y < img.Bounds().Dy()*3/4 {
				lowest, at = y, x
			}
		}
	}
	x := logAxis(f.column(func(q PathPoint) float64 { return q.Beta }), 0.03)
	want := (marginLeft + x.at(f.Points[2].Beta)*(pageWidth-marginLeft-marginRight)) * 200 / 72
	if math.Abs(float64(at)-want) > 8 {
		t.Errorf("the lowest point of the validation is at column %d, want %.0f", at, want)
	}
}

func TestUnknownFormat(t *testing.T) {
	if err := example(2).Write(io.Discard, "gif"); err == nil || !strings.Contains(err.Error(), "gif") {
		t.Errorf("error %v", err)
	}
}

func TestTicks(t *testing.T) {
	if low, high := extent([]float64{math.NaN(), math.Inf(1)}, finite); low != 1 || high != 1 {
		t.Errorf("nothing is from %g to %g", low, high)
	}
	for _, test := range []struct {
		a    axis
		want string
	}{
		{logAxis([]float64{0.001, 10}, 0), "0.001 0.01 0.1 1 10"},
		{logAxis([]float64{1e-7, 1e-3}, 0), "1e-7 1e-6 1e-5 0.0001 0.001"},
		{logAxis([]float64{3, 40}, 0), "5 10 20"},
		{logAxis([]float64{2, 5}, 0), "2 3 4 5"},
		{logAxis([]float64{1e-20, 1}, 0), "1e-18 1e-15 1e-12 1e-9 1e-6 0.001 1"},
		{logAxis([]float64{0.3, 0.32}, 0), "0.300 0.305 0.310 0.315 0.320"},
		{linearAxis(0, 1, 4), "0 0.2 0.4 0.6 0.8 1.0"},
		{linearAxis(-0.3, 1, 3.5), "-0.2 0 0.2 0.4 0.6 0.8 1.0"},
		{linearAxis(0, 34, 2.5), "0 10 20 30"},
		{linearAxis(3e7, 5e7, 4), "3e7 3.5e7 4e7 4.5e7 5e7"},
		{linearAxis(1e7, 1e7+3, 3), "10000000 10000001 10000002 10000003"},
		{linearAxis(1e17, 1e17+16, 3), "6e16 8e16 1e17 1.2e17 1.4e17"},
		{linearAxis(0.97, 0.99, 3.5), "0.970 0.975 0.980 0.985 0.990"},
	} {
		if got := strings.Join(test.a.labels(), " "); got != test.want {
			t.Errorf("%g to %g: %s, want %s", test.a.low, test.a.high, got, test.want)
		}
		for _, tick := range test.a.ticks {
			if p := test.a.at(tick.value); p < -1e-9 || p > 1+1e-9 {
				t.Errorf("%g to %g: the tick %g is outside", test.a.low, test.a.high, tick.value)
			}
		}
	}
}
