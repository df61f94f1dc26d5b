package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// TestVerifyRoundTrip checks the reports of train and certify again, on all ways to
// give data.
func TestVerifyRoundTrip(t *testing.T) {
	table, x, y := curve(30)
	csv := file(t, "d.csv", table...)
	matrices := []string{"--x", file(t, "x.txt", x...), "--y", file(t, "y.txt", y...)}
	classes := file(t, "classes.csv", append([]string{"a,b,y"}, strings.Split(strings.Repeat("1,2,u\n2,1,v\n3,5,w\n", 9)+"4,4,u", "\n")...)...)
	dir := t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	for _, test := range []struct {
		name        string
		data, flags []string
	}{
		{"table", []string{csv}, nil},
		{"another split", []string{csv}, []string{"--seed", "5", "--test-fraction", "0.3"}},
		{"no split", []string{csv}, []string{"--test-fraction", "0"}},
		{"intercept", []string{csv}, []string{"--intercept"}},
		{"generated set", []string{"piecewise"}, []string{"--seed", "7", "--beta-ratio", "0.2"}},
		{"built-in set", []string{"xor"}, nil},
		{"classes", []string{classes}, []string{"--positive", "v"}},
		{"matrices", matrices, nil},
		{"matrices with a split", matrices, []string{"--test-fraction", "0.2", "--bias", "hidden"}},
		{"standardised matrices", matrices, []string{"--standardize"}},
		{"no neurons", []string{csv}, []string{"--beta-ratio", "1.5"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"train", "--mode", "enumerate", "--out", model, "--report", report, "--quiet"}, test.flags...)
			must(t, exitDone, append(args, test.data...)...)
			stdout, stderr := must(t, exitDone, append([]string{"verify", report, "--model", model}, test.data...)...)
			if !strings.Contains(stdout, "Proved again: ") || !strings.Contains(stdout, "computed anew") || stderr != "" {
				t.Errorf("%s%s", stdout, stderr)
			}
			stdout, _ = must(t, exitDone, append([]string{"verify", report, "--report", "-", "--quiet"}, test.data...)...)
			if r := readJSON(t, stdout); r["verified"] != true || r["certificate"] != "exact" || r["objective"] != nil || r["relative_gap"] != nil ||
				strings.Contains(strings.ToLower(r["statement"].(string)), "optimal") || !strings.Contains(r["statement"].(string), "were not checked") {
				t.Errorf("%v", r)
			}

			must(t, exitDone, append([]string{"certify", model, "--report", report, "--quiet"}, test.data...)...)
			stdout, _ = must(t, exitDone, append([]string{"verify", report, "--model", model}, test.data...)...)
			if !strings.Contains(stdout, "Proved again: ") {
				t.Error(stdout)
			}
		})
	}
}

func TestVerifySampled(t *testing.T) {
	table, _, _ := curve(30)
	csv, report := file(t, "d.csv", table...), filepath.Join(t.TempDir(), "r.json")
	must(t, exitDone, "train", csv, "--patterns", "5", "--report", report, "--quiet")
	stdout, _ := must(t, exitDone, "verify", report, csv)
	if text := strings.Join(strings.Fields(stdout), " "); !strings.Contains(text, "claims nothing about all networks. Its dual vector proves: no two-layer ReLU network of any width") {
		t.Error(stdout)
	}
}

func TestVerifyWeights(t *testing.T) {
	data, dir := square(t), t.TempDir()
	weights, report := file(t, "w.json", `{"U": [[1, 0.5], [1, -1], [0.1, 0.2]], "alpha": [1, -1]}`), filepath.Join(dir, "r.json")
	other := file(t, "o.json", `{"U": [[1, 0.5], [1, -1], [0.1, 0.3]], "alpha": [1, -1]}`)
	must(t, exitDone, with(data, "certify", weights, "--beta", "0.1", "--report", report)...)
	must(t, exitDone, with(data, "verify", report, "--model", weights)...)
	if _, stderr := must(t, exitFailed, with(data, "verify", report, "--model", other)...); !strings.Contains(stderr, "the network in") {
		t.Errorf("another network: %q", stderr)
	}
}

// TestVerifyTree checks prices that were found by branch and bound, as there are too
// many patterns: a search with another seed or fewer nodes might prove less. Where most
// targets are positive, one sign needs most of the nodes.
func TestVerifyTree(t *testing.T) {
	for _, test := range []struct{ rows, negative int }{{36, 18}, {40, 8}} {
		random := rand.New(rand.NewPCG(1, 2))
		var x, y, u []string
		for i := range test.rows {
			row, v := make([]string, 12), random.NormFloat64()
			for j := range row {
				row[j] = fmt.Sprint(random.NormFloat64())
			}
			if v *= v; i < test.negative {
				v = -v
			}
			x, y = append(x, strings.Join(row, " ")), append(y, fmt.Sprint(v))
		}
		for range 12 {
			u = append(u, fmt.Sprint(random.NormFloat64()))
		}
		data := []string{"--x", file(t, "x.txt", x...), "--y", file(t, "y.txt", y...)}
		report := filepath.Join(t.TempDir(), "r.json")
		stdout, _ := must(t, exitDone, with(data, "certify", file(t, "u.txt", u...), "--alpha", file(t, "a.txt", "0.01"),
			"--beta", "1", "--rounds", "0", "--seed", "5", "--report", report)...)
		if r := readJSON(t, read(t, report)); r["price"].(map[string]any)["method"] != "branch and bound" || r["lower_bound"].(float64) <= 0 {
			t.Fatalf("%v\n%s", r["price"], stdout)
		}
		must(t, exitDone, with(data, "verify", report)...)
	}
}

// TestVerifyTampering changes a report in all ways that would make it say more than
// is true, and in some that make it nonsense.
func TestVerifyTampering(t *testing.T) {
	data, dir := square(t), t.TempDir()
	model, report := filepath.Join(dir, "m.json"), filepath.Join(dir, "r.json")
	must(t, exitDone, with(data, "train", "--mode", "enumerate", "--beta", "0.1", "--out", model, "--report", report)...)
	// The gap of an optimal network is 0, and so no defence here.
	bound := func(r map[string]any) float64 { return r["lower_bound"].(float64) }
	price := func(r map[string]any) map[string]any { return r["price"].(map[string]any) }
	dual := func(r map[string]any) []any { return r["dual"].([]any) }
	type edit = func(r map[string]any)
	for _, test := range []struct {
		name, want string
		change     edit
	}{
		{"bound raised", "proves only", func(r map[string]any) {
			r["lower_bound"], r["objective"], r["relative_gap"] = bound(r)*1.01, bound(r)*1.01, 0
		}},
		{"bound above the objective", "contradicts itself", func(r map[string]any) { r["lower_bound"] = bound(r) * 1.01 }},
		{"objective lowered", "contradicts itself", func(r map[string]any) { r["objective"] = bound(r) * 0.99 }},
		{"objective raised", "contradicts itself", func(r map[string]any) { r["objective"] = bound(r) * 1.01 }},
		{"loss raised", "contradicts itself", func(r map[string]any) { r["training_loss"] = 7.0 }},
		{"own bound", "own_bound", func(r map[string]any) { r["own_bound"] = bound(r) * 1.01 }},
		{"better below the bound", "better network", func(r map[string]any) { r["better_objective"] = bound(r) * 0.9 }},
		{"better above the objective", "better network", func(r map[string]any) { r["better_objective"] = bound(r) * 1.1 }},
		{"estimate above the objective", "estimated bound", func(r map[string]any) { r["estimated_lower_bound"], r["estimated_gap"] = 7.0, 0 }},
		{"no price", "without the price", func(r map[string]any) { r["price"] = nil }},
		{"price by local search", "local search only", func(r map[string]any) { price(r)["method"] = "local search only" }},
		{"price by magic", "does not know", func(r map[string]any) { price(r)["method"] = "magic" }},
		{"price by sorting", "rank two", func(r map[string]any) { price(r)["method"] = "sorting" }},
		{"price estimated", "price behind it", func(r map[string]any) { price(r)["kind"] = "estimated" }},
		{"price without a bound", "not bounded", func(r map[string]any) { price(r)["upper"] = nil }},
		{"price lowered", "a neuron attains", func(r map[string]any) { price(r)["value"], price(r)["upper"] = 0.05, 0.05 }},
		{"price above beta", "above beta", func(r map[string]any) { price(r)["upper"] = 0.2 }},
		{"price above its bound", "a price of at least", func(r map[string]any) { price(r)["value"] = 0.2 }},
		{"cells", "there are 14", func(r map[string]any) { price(r)["cells"] = 13 }},
		{"rank", "the rank is 2", func(r map[string]any) { r["rank"] = 2 }},
		{"patterns", "5 patterns are possible", func(r map[string]any) { r["patterns_possible"] = 5 }},
		{"statement", "what its numbers say", func(r map[string]any) { r["statement"] = "Globally optimal within 0.000 %." }},
		{"neurons", "neurons, and the network", func(r map[string]any) { r["neurons"] = 40 }},
		{"loss lowered", "the loss", func(r map[string]any) { r["training_loss"] = 1e-3 }},
		{"gap", "contradicts itself", func(r map[string]any) { r["relative_gap"] = -0.5 }},
		{"bound and objective lowered", "claims the objective", func(r map[string]any) {
			r["lower_bound"], r["objective"], r["relative_gap"] = bound(r)*0.8, bound(r)*0.8, 0
		}},
		{"bound lowered", "are they the data", func(r map[string]any) {
			r["lower_bound"], r["relative_gap"] = bound(r)*0.8, 1-bound(r)*0.8/r["objective"].(float64)
		}},
		{"dual changed", "proves only", func(r map[string]any) { dual(r)[2] = dual(r)[2].(float64) * 1.1 }},
		{"dual scaled", "are they the data", func(r map[string]any) {
			for i := range dual(r) {
				dual(r)[i] = dual(r)[i].(float64) * 2
			}
		}},
		{"dual of zeros", "proves only", func(r map[string]any) { r["dual"] = []any{0, 0, 0, 0} }},
		{"no dual", "proves only", func(r map[string]any) { r["dual"] = []any{} }},
		{"dual missing", "lacks dual", func(r map[string]any) { delete(r, "dual") }},
		{"dual of another length", "4 rows", func(r map[string]any) { r["dual"] = dual(r)[:3] }},
		{"dual with null", "null", func(r map[string]any) { dual(r)[1] = nil }},
		{"dual of text", "holds string", func(r map[string]any) { dual(r)[1] = "x" }},
		{"huge dual", "out of range", func(r map[string]any) { dual(r)[1] = 1e300 }},
		{"huge bound", "contradicts itself", func(r map[string]any) { r["lower_bound"] = 1e308 }},
		{"beta raised", "proves only", func(r map[string]any) {
			r["beta"], r["objective"], r["lower_bound"], r["relative_gap"] = 0.2, 0.9, 0.9, 0
		}},
		{"beta negative", "its beta", func(r map[string]any) { r["beta"] = -1 }},
		{"no beta", "lacks beta", func(r map[string]any) { r["beta"] = nil }},
		{"rows", "training rows", func(r map[string]any) { r["n"] = 5 }},
		{"columns", "features", func(r map[string]any) { r["d"] = 7 }},
		{"split", "5 of", func(r map[string]any) {
			r["split"].(map[string]any)["rows"] = 5
		}},
		{"fraction", "split in another way", func(r map[string]any) { r["split"].(map[string]any)["test_fraction"] = 0.5 }},
		{"no encoding", "lacks preprocessing or matrix", func(r map[string]any) { r["matrix"] = nil }},
		{"certificate", "its certificate", func(r map[string]any) { r["certificate"] = "certain" }},
		{"format", "its format", func(r map[string]any) { r["format"] = "convexnn-model" }},
		{"no format", "its format", func(r map[string]any) { delete(r, "format") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := readJSON(t, read(t, report))
			test.change(r)
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			changed := file(t, "r.json", string(text))
			args := with(data, "verify", changed)
			switch test.name {
			case "bound and objective lowered", "neurons", "loss lowered":
				args = append(args, "--model", model) // only the weights tell
			}
			if _, stderr := must(t, exitFailed, args...); strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) {
				t.Errorf("error %q, want one line with %q", stderr, test.want)
			}
		})
	}
}

func TestVerifyOtherData(t *testing.T) {
	table, _, _ := curve(20)
	csv, dir := file(t, "d.csv", table...), t.TempDir()
	report := filepath.Join(dir, "r.json")
	must(t, exitDone, "train", csv, "--mode", "enumerate", "--test-fraction", "0", "--report", report, "--quiet")
	moved := append([]string(nil), table...)
	moved[3], moved[7] = "9,9,-4", "1,1,1"
	for _, test := range []struct {
		name, want string
		status     int
		args       []string
	}{
		{"fewer rows", "19 rows, and the report speaks of 20", 1, []string{report, file(t, "d.csv", table[:20]...)}},
		{"other values", "not verified", 1, []string{report, file(t, "d.csv", moved...)}},
		{"other columns", `"b"`, 1, []string{report, file(t, "d.csv", "a,y", "1,2")}},
		{"no report", "no such file", 1, []string{filepath.Join(dir, "none.json"), csv}},
		{"not JSON", "damaged or not a report", 1, []string{csv, csv}},
		{"no data", "missing DATA", 2, []string{report}},
		{"model of other data", "do not belong together", 1, []string{report, csv, "--model", file(t, "w.json", `{"format":"convexnn-model","version":1,"matrix":{"bias":false,"task":"regression"},"network":{"model":"relu","dim":9,"intercept":0,"neurons":[]}}`)}},
	} {
		_, stderr := must(t, test.status, append([]string{"verify"}, test.args...)...)
		if !strings.Contains(stderr, test.want) {
			t.Errorf("%s: %q, want %q", test.name, stderr, test.want)
		}
	}
	if _, stderr := must(t, exitDone, "verify", report, file(t, "renamed.csv", table...)); !strings.Contains(stderr, "the report speaks of d.csv") {
		t.Errorf("a table of another name: %q", stderr)
	}
}

func TestVerifyStopsEarly(t *testing.T) {
	report := filepath.Join(t.TempDir(), "r.json")
	must(t, exitDone, "train", "xor", "--mode", "enumerate", "--report", report, "--quiet")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	if s := run(ctx, []string{"verify", report, "xor"}, &stdout, &stderr); s != exitStopped || !strings.Contains(stdout.String(), "Not decided") {
		t.Errorf("status %d\n%s%s", s, &stdout, &stderr)
	}
}
