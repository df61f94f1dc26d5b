package report

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"math"
	"testing"

	"gonum.org/v1/plot/vg"
)

// exampleRace has runs of six methods in each panel.
func exampleRace(panels int) Race {
	r := Race{Title: "planted, 500 samples in 11 dimensions", Subtitle: "best objective so far, relative to the lower bound; thick: best run of a method, thin: its others"}
	for k := range MaxMethods {
		r.Methods = append(r.Methods, fmt.Sprintf("library %d, momentum", k))
	}
	for k := range panels {
		p := RacePanel{Heading: fmt.Sprintf("objective / lower bound - 1, at beta = %d", k), Floor: "lower bound 12.3456 for networks of any width, estimated"}
		for j := range 4 * MaxMethods {
			run := RaceRun{Method: j % MaxMethods, Best: j < MaxMethods}
			for i := range 40 {
				run.Seconds = append(run.Seconds, 1e-4*float64(i*(j+1))*float64(i))
				run.Distance = append(run.Distance, 10*math.Pow(0.8, float64(i))/float64(j+1))
			}
			p.Runs = append(p.Runs, run)
		}
		r.Panels = append(r.Panels, p)
	}
	return r
}

func (r Race) bytes(t *testing.T, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTextsOfRacesHaveRoom(t *testing.T) {
	far, near, empty, done, edge := exampleRace(1), exampleRace(2), exampleRace(3), exampleRace(1), exampleRace(1)
	for k := range far.Panels[0].Runs {
		for i := range far.Panels[0].Runs[k].Seconds {
			far.Panels[0].Runs[k].Seconds[i] *= 1e6
			far.Panels[0].Runs[k].Distance[i] *= 1e9
			near.Panels[1].Runs[k].Distance[i] = 0.0123 + 1e-7*float64(40-i)
			done.Panels[0].Runs[k].Distance[i] = -1e-9
			edge.Panels[0].Runs[k].Distance[i] = max(0.24, edge.Panels[0].Runs[k].Distance[i])
		}
	}
	empty.Panels[1].Runs = nil
	long := exampleRace(2)
	long.Title, long.Subtitle, long.Methods[0], long.Methods[1], long.Panels[0].Floor, long.Panels[1].Heading = longName, longName, longName, longName, longName, longName
	for name, r := range map[string]Race{"one": exampleRace(1), "three": exampleRace(3), "far": far, "near": near, "empty": empty, "long": long, "at the floor": done, "a tick beside the floor": edge} {
		checkRoom(t, name, r.bytes(t, "svg"), raceWidth, float64(r.height()), 2+MaxMethods+len(r.Panels)*4)
	}
	if err := exampleRace(1).Write(io.Discard, "pdf"); err == nil {
		t.Error("a picture in pdf")
	}
}

// The line of a run is level until its next objective, begins at the edge with what was
// known there, ends where the run does, and never leaves the floor below.
func TestStairs(t *testing.T) {
	c := panel{x: axis{low: 1, high: 1000, logarithmic: true}, y: axis{low: 1e-3, high: 1, logarithmic: true}}
	c.frame.Max = vg.Point{X: 300, Y: 300}
	run := RaceRun{Seconds: []float64{0, 0.5, 10, 100, 100.01, 100}, Distance: []float64{5, 1, 0.1, 0.099999, 0.099998, -1}}
	var got []string
	for _, p := range c.stairs(run, 0.01) {
		got = append(got, fmt.Sprintf("%.0f,%.0f", p.X, p.Y))
	}
	if want := "[0,300 100,300 100,200 200,200 200,200 200,200 200,100]"; fmt.Sprint(got) != want {
		t.Errorf("stairs %v, want %s", got, want)
	}
}

// A best run that never comes near is on the picture all the same.
func TestFarRunIsShown(t *testing.T) {
	p := RacePanel{Runs: []RaceRun{
		{Best: true, Seconds: []float64{1, 2}, Distance: []float64{1e9, 0.1}},
		{Best: true, Seconds: []float64{1, 2}, Distance: []float64{1e9, 1e3}},
	}}
	if a, _ := p.distances(raceSingle); a.at(1e3) > 0.99 || a.at(1e9) < 1 {
		t.Errorf("the axis ends at %g", a.high)
	}
}

// The best line of the first method ends in its mark, above all others.
func TestEndOfARace(t *testing.T) {
	r := exampleRace(1)
	run := r.Panels[0].Runs[0]
	img, err := png.Decode(bytes.NewReader(r.bytes(t, "png")))
	if err != nil {
		t.Fatal(err)
	}
	c := panel{x: r.seconds()}
	c.frame.Min = vg.Point{X: marginLeft, Y: marginFoot}
	c.frame.Max = vg.Point{X: raceWidth - marginRight, Y: marginFoot + raceSingle}
	var floor float64
	c.y, floor = r.Panels[0].distances(raceSingle)
	stairs := c.stairs(run, floor)
	end := stairs[len(stairs)-1]
	const scale = 200.0 / 72
	at := img.At(int(float64(end.X)*scale), int(float64(r.height()-end.Y)*scale))
	if red, green, b, _ := at.RGBA(); [3]uint32{red >> 8, green >> 8, b >> 8} != [3]uint32{0x00, 0x72, 0xb2} {
		t.Errorf("at the end of the run the picture is %v", at)
	}
}
