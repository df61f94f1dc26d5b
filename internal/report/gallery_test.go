package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/mat"
)

var look = flag.String("look", "", "write all pictures and a page into this folder, to look at")

type picture interface {
	Write(w io.Writer, format string) error
}

func bytesOf(t *testing.T, f picture, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exampleMethods are names as the command gives them.
var exampleMethods = []string{"convex", "SGD, momentum 0.9", "Adam, step 0.001", "L-BFGS on the non-convex problem", "linear", "gated"}

// exampleSpread has runs of methods that end near and far.
func exampleSpread(rows, runs int) Spread {
	r := rand.New(rand.NewPCG(1, 2))
	f := Spread{Title: "Where the runs ended", Subtitle: "24 runs of each method, one dot a run, at beta = 0.0968", Floor: "proved lower bound 10.2765"}
	for k := range rows {
		row := SpreadRow{Label: exampleMethods[k%len(exampleMethods)], Method: k}
		for j := range runs {
			d := math.Pow(10, -0.5-float64(k%3)+0.35*r.NormFloat64())
			if k == 0 {
				d = 1e-6 * (r.Float64() - 0.5)
			}
			row.Points = append(row.Points, SpreadPoint{Distance: d, Chosen: j == runs/2, Diverged: k == 1 && j%9 == 8})
		}
		f.Rows = append(f.Rows, row)
	}
	return f
}

func exampleScores(rows int) Scores {
	f := Scores{Title: "Accuracy of the chosen networks", Subtitle: "breast-cancer: 364 training, 91 validation, 114 test rows", Metric: "accuracy"}
	for k := range rows {
		test := 0.982 - 0.009*float64(k)
		f.Rows = append(f.Rows, ScoreRow{Label: exampleMethods[k%len(exampleMethods)], Method: k, Train: min(1, test+0.014), Validation: test + 0.006*float64(k%3-1), Test: test})
	}
	return f
}

// hinges is a piecewise linear function with five kinks.
func hinges(x float64) float64 {
	y := 0.3 - 0.5*x
	for k, at := range []float64{-1.4, -0.6, 0.1, 0.7, 1.5} {
		y += []float64{2, -3.4, 3.1, -2.6, 2.2}[k] * max(0, x-at)
	}
	return y
}

func exampleFits(panels, samples int) Fits {
	r := rand.New(rand.NewPCG(3, 4))
	f := Fits{Title: "What the networks learned", Subtitle: "piecewise: 160 training rows, 40 held out; 5 kinks in the truth", XLabel: "x", YLabel: "y"}
	for k := range samples {
		x := 4.4*r.Float64() - 2.2
		q := XY{x, hinges(x) + 0.15*r.NormFloat64()}
		if k%5 == 4 {
			f.Held = append(f.Held, q)
		} else {
			f.Train = append(f.Train, q)
		}
	}
	for k := range panels {
		q := FitPanel{Name: exampleMethods[k] + fmt.Sprintf(", objective %.4g", 10.2765*(1+0.07*float64(k))), Method: k}
		g := func(x float64) float64 { return hinges(x*(1+0.03*float64(k))) + 0.1*float64(k) }
		for x := -2.3; x < 2.3; x += 0.01 {
			q.Line = append(q.Line, XY{x, g(x)})
		}
		for _, at := range []float64{-1.4, -0.6, 0.1, 0.7, 1.5} {
			at /= 1 + 0.03*float64(k)
			q.Kinks = append(q.Kinks, XY{at, g(at)})
		}
		f.Panels = append(f.Panels, q)
	}
	return f
}

// exampleRegions has networks of random neurons whose output weights are fitted to two
// spirals or, without classes, to a saddle.
func exampleRegions(panels, samples, neurons int, classes bool) Regions {
	r := rand.New(rand.NewPCG(5, 6))
	f := Regions{Title: "What the networks learned", Subtitle: "spirals: 200 training rows, 50 held out", XLabel: "x1", YLabel: "x2", Target: "target"}
	if classes {
		f.Classes = [2]string{"inner", "outer"}
	}
	for k := range samples {
		q := RegionSample{X: 2*r.NormFloat64() - 0.1, Y: 2 * r.NormFloat64(), Held: k%5 == 4}
		q.Value = q.X*q.Y + 0.3*r.NormFloat64()
		if classes {
			q.Value = float64(2*(k%2) - 1)
			turn := 0.4 + 4.5*math.Sqrt(r.Float64())
			q.X = q.Value*turn*math.Cos(turn) + 0.15*r.NormFloat64()
			q.Y = q.Value*turn*math.Sin(turn) + 0.15*r.NormFloat64()
		}
		f.Samples = append(f.Samples, q)
	}
	for k := range panels {
		q := RegionPanel{Name: exampleMethods[k] + fmt.Sprintf(", %d neurons", neurons), Method: k}
		for range neurons {
			angle := 2 * math.Pi * r.Float64()
			q.Lines = append(q.Lines, RegionLine{A: math.Cos(angle), B: math.Sin(angle), C: 3 * r.NormFloat64()})
		}
		features := func(x, y float64) []float64 {
			out := []float64{1}
			for _, l := range q.Lines {
				out = append(out, max(0, l.A*x+l.B*y+l.C))
			}
			return out
		}
		a, b := mat.NewDense(samples+neurons+1, neurons+1, nil), mat.NewVecDense(samples+neurons+1, nil)
		for i, s := range f.Samples {
			a.SetRow(i, features(s.X, s.Y))
			b.SetVec(i, s.Value)
		}
		for j := range neurons + 1 {
			a.Set(samples+j, j, 0.3) // ridge
		}
		var w mat.VecDense
		if err := w.SolveVec(a, b); err != nil {
			panic(err)
		}
		for j := range q.Lines {
			q.Lines[j].Positive = w.AtVec(j+1) > 0
		}
		q.F = func(x, y float64) (sum float64) {
			for j, v := range features(x, y) {
				sum += v * w.AtVec(j)
			}
			return sum
		}
		f.Panels = append(f.Panels, q)
	}
	return f
}

func exampleWidths(points int) Widths {
	f := Widths{Title: "The exact optimum at each number of neurons", Subtitle: "piecewise, 24 rows, beta = 0.097", Floor: 10.2765, FloorName: "optimum over all widths: 10.2765"}
	for m := range points {
		q := WidthPoint{Neurons: m + 1, Objective: 10.2765 + 31*math.Pow(0.28, float64(m))}
		q.Bound = q.Objective
		if m >= 4 {
			q.Bound = q.Objective - 0.9*float64(m-2)
		}
		f.Points = append(f.Points, q)
	}
	return f
}

func exampleBounds(rows int) Bounds {
	f := Bounds{Title: "Lower bounds on training: xor", Subtitle: "4 rows, 1 output, beta 0.1", Reached: 0.579253, ReachedName: "objective of the network found: 0.579253"}
	for k := range rows {
		v := 0.579253 * (1 - 0.5/float64(k+1))
		f.Rows = append(f.Rows, BoundRow{Label: fmt.Sprintf("relaxation %d", k+1), Proved: v - 0.02, Value: v})
	}
	return f
}

func examplePage() Page {
	return Page{
		Title: "Comparison on breast-cancer", Lead: "Five ways to train the same two-layer ReLU network, and what is proved of each.",
		Notices: []Notice{
			{"warning", "Two runs of SGD diverged; they are counted, not drawn."},
			{"note", "Objectives are in standardised units of the target."},
		},
		Facts: [][2]string{{"data", "breast-cancer: 364 training, 91 validation, 114 test rows"}, {"features", "30, and the bias"}, {"beta", "7.007, that is 0.01 of beta_max"}, {"seed", "1"}},
		Sections: []Section{
			{
				Title:      "Objectives",
				Paragraphs: []string{"The objective is 1/2 sum (f(x) - y)² + beta sum |u||alpha|. No network of any width has an objective below the lower bound, as far as the certificate says; the distance above it is what a method has left to gain at most."},
				Tables: []PageTable{{
					Caption: "The best network of each method", Header: []string{"method", "neurons", "objective", "above the bound", "train", "validation", "test", "seconds", "what is proved"},
					Rows: [][]Cell{
						{{Text: "convex"}, {Text: "37"}, {Text: "29.902", Strong: true}, {Text: "0.055 %", Strong: true}, {Text: "0.9868"}, {Text: "0.9780"}, {Text: "0.9737"}, {Text: "1.3"}, {Text: "estimated", Note: "by local search, audited from fresh starts"}},
						{{Text: "SGD, momentum 0.9"}, {Text: "100"}, {Text: "31.441"}, {Text: "5.2 %"}, {Text: "0.9824"}, {Text: "0.9780"}, {Text: "0.9649"}, {Text: "24"}, {Text: "nothing"}},
						{{Text: "Adam, step 0.001"}, {Text: "100"}, {Text: "30.877"}, {Text: "3.3 %"}, {Text: "0.9846"}, {Text: "0.9670"}, {Text: "0.9649"}, {Text: "24"}, {Text: "nothing"}},
						{{Text: "linear"}, {Text: "–"}, {Text: ""}, {Text: ""}, {Text: "0.9670"}, {Text: "0.9560"}, {Text: "0.9386"}, {Text: "0.0"}, {Text: "another model"}},
					},
				}},
				Figures: []Figure{
					{"race", exampleRace(1), "Best objective so far of each run, over time.", "Line chart of objectives over time."},
					{"spread", exampleSpread(5, 24), "Where each run ended. Runs on the floor are optimal.", "Dot plot of final objectives by method."},
				},
			},
			{
				Title: "Predictions",
				Figures: []Figure{
					{"scores", exampleScores(5), "The metric of the chosen network of each method.", "Dot plot of the accuracy by method."},
					{"fits", exampleFits(4, 200), "One panel for each network.", "Four functions of one feature, with their samples and kinks."},
					{"regions", exampleRegions(3, 250, 20, true), "", "Decision regions of three networks on two spirals."},
					{"surface", exampleRegions(2, 250, 20, false), "Bands of the value; samples in the colour of their target.", "Values of two networks over two features."},
				},
			},
			{
				Title: "Gradient flow",
				Figures: []Figure{
					{"flow", exampleFlow(sixSamples, 6), "Six moments of training.", "Directions of neurons in the unit disc, and prices that touch its circle."},
					{"film", FlowFilm(exampleFlow(threeSamples, 24)), "The same as a film.", "Directions of neurons that move to where the prices touch the circle."},
					{"brackets", exampleBrackets(threeSamples, 3, 1+math.Sqrt2/2), "", "Upper and lower bounds that meet at the optimum."},
					{"shadow", exampleShadow(sixSamples), "", "A convex set and a line that touches it."},
				},
			},
			{Title: "Widths", Figures: []Figure{{"widths", exampleWidths(6), "The optimum by number of neurons.", "Objective falling with the number of neurons, towards the optimum over all widths."}, {"path", example(20), "A regularisation path.", "Three panels over beta."}}},
		},
		Foot: "Written by convexnn compare.",
	}
}

// With -look the pictures of this package are written, to be looked at.
func TestGallery(t *testing.T) {
	if *look == "" {
		t.Skip("no folder given with -look")
	}
	for name, f := range map[string]picture{
		"race": exampleRace(1), "path": example(20),
		"spread": exampleSpread(5, 24), "spread1": exampleSpread(1, 1), "spread60": exampleSpread(6, 60),
		"scores": exampleScores(5), "fits1": exampleFits(1, 200), "fits4": exampleFits(4, 200), "fits5": exampleFits(5, 5000),
		"regions1": exampleRegions(1, 250, 20, true), "regions4": exampleRegions(4, 250, 20, true), "surface1": exampleRegions(1, 250, 20, false), "surface3": exampleRegions(3, 2000, 60, false),
		"widths": exampleWidths(6), "widths40": exampleWidths(40), "flow3": exampleFlow(threeSamples, 6), "flow6": exampleFlow(sixSamples, 8), "flow1": exampleFlow(sixSamples, 1), "flow4": exampleFlow(threeSamples, 4),
		"brackets3": exampleBrackets(threeSamples, 5, 1+math.Sqrt2/2), "brackets6": exampleBrackets(sixSamples, 2, math.NaN()), "shadow3": exampleShadow(threeSamples), "shadow6": exampleShadow(sixSamples),
		"film3": FlowFilm(exampleFlow(threeSamples, 48)), "film6": FlowFilm(exampleFlow(sixSamples, 48)),
		"bounds": exampleBounds(4), "bounds20": exampleBounds(20), "flow-optimum": optimalFlow(), "nothing-flow": Flow{}, "nothing-film": FlowFilm{}, "nothing-brackets": Brackets{Optimum: math.NaN()}, "nothing-shadow": DualShadow{Optimum: XY{math.NaN(), 0}, PMM: math.NaN()},
		"nothing-bounds": Bounds{}, "nothing-fits": Fits{}, "nothing-regions": Regions{}, "nothing-spread": Spread{}, "nothing-scores": Scores{}, "nothing-widths": Widths{Floor: math.NaN()},
	} {
		for format := range formats {
			b := bytesOf(t, f, format)
			if format == "svg" {
				t.Logf("%s: %d bytes", name, len(b))
			}
			if err := os.WriteFile(filepath.Join(*look, name+"."+format), b, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if err := examplePage().Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*look, "page.html"), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}
