package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBadInput checks that what is wrong gives one line of error, the status,
// and no file.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	table, _, _ := curve(12)
	write := func(name string, lines ...string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	with := func(rows ...string) []string { return append(append([]string{}, table...), rows...) }
	good := write("good.csv", table...)
	model := filepath.Join(dir, "good.json")
	must(t, exitDone, "train", good, "--patterns", "10", "--out", model)
	matrix := filepath.Join(dir, "matrix.json")
	m := write("x.txt", "1 2 3", "2 3 5", "4 4 1")
	must(t, exitDone, "train", "--x", m, "--out", matrix)
	long := make([]string, 10001)
	for i := range long {
		long[i] = fmt.Sprintf("%d,%d", i, i%3)
	}
	long[0], long[9999] = "a,y", "oops,1"
	text := read(t, model)

	tests := []struct {
		name   string
		status int
		want   string
		args   []string
	}{
		{"no file", 1, "built-in", []string{"train", filepath.Join(dir, "absent.csv")}},
		{"misspelt set", 1, `did you mean "iris"`, []string{"train", "irs"}},
		{"directory", 1, "directory", []string{"train", dir}},
		{"empty file", 1, "empty", []string{"train", write("empty.csv")}},
		{"header only", 1, "no rows", []string{"train", write("header.csv", "a,b,y"), "--header", "present"}},
		{"one column", 1, "single column", []string{"train", write("column.csv", "y", "1", "2")}},
		{"no target", 1, "price", []string{"train", good, "--target", "price"}},
		{"all missing", 1, "no values", []string{"train", write("void.csv", "a,b,y", ",1,2", ",3,4"), "--missing", "mean"}},
		{"text among numbers", 1, "line 10000", []string{"train", write("text.csv", long...)}},
		{"ragged", 1, "line 14", []string{"train", write("ragged.csv", with("1,2")...)}},
		{"NaN", 1, "no value", []string{"train", write("nan.csv", with("NaN,1,2")...)}},
		{"Inf", 1, "not finite", []string{"train", write("inf.csv", with("Inf,1,2")...)}},
		{"1e309", 1, "not finite", []string{"train", write("large.csv", with("1e309,1,2")...)}},
		{"duplicate names", 1, "duplicate", []string{"train", write("twice.csv", "a,a,y", "1,2,3", "2,1,4")}},
		{"many classes", 1, "--positive", []string{"path", "iris"}},
		{"many classes of sampled patterns", 2, "3 classes", []string{"train", "iris", "--patterns", "20"}},
		{"targets and target", 2, "--target and --targets", []string{"train", good, "--target", "y", "--targets", "a,b"}},
		{"targets of a gated network", 2, "one output", []string{"train", good, "--targets", "a,b", "--model", "gated"}},
		{"targets that are classes", 2, "classification", []string{"train", good, "--targets", "a,b", "--task", "classification"}},
		{"an empty target", 2, "empty name", []string{"train", good, "--targets", "a,"}},
		{"a target twice", 1, "named twice", []string{"train", good, "--targets", "a,1"}},
		{"an unknown target", 1, "no column", []string{"train", good, "--targets", "a,nothing"}},
		{"no such class", 1, "rose", []string{"train", "iris", "--positive", "rose"}},
		{"beta zero", 2, "--beta must be positive", []string{"train", good, "--beta", "0"}},
		{"beta negative", 2, "--beta must be positive", []string{"train", good, "--beta", "-1"}},
		{"beta NaN", 2, "--beta must be positive", []string{"train", good, "--beta=NaN"}},
		{"beta Inf", 2, "--beta must be positive", []string{"train", good, "--beta=Inf"}},
		{"beta text", 2, "--beta", []string{"train", good, "--beta", "small"}},
		{"beta ratio", 2, "--beta-ratio", []string{"train", good, "--beta-ratio", "0"}},
		{"beta twice", 2, "exclude", []string{"train", good, "--beta", "1", "--beta-ratio", "1"}},
		{"tolerance", 2, "--tol", []string{"train", good, "--tol", "0"}},
		{"no patterns", 2, "--patterns", []string{"train", good, "--patterns", "0"}},
		{"sampler", 2, "--sampler", []string{"train", good, "--sampler", "all"}},
		{"mode", 2, "none of auto, sampled, enumerate and global", []string{"train", good, "--mode", "exact"}},
		{"model", 2, "--model", []string{"train", good, "--model", "deep"}},
		{"bias", 2, "--bias", []string{"train", good, "--bias", "some"}},
		{"task", 2, "--task", []string{"train", good, "--task", "guess"}},
		{"fraction", 2, "--test-fraction", []string{"train", good, "--test-fraction", "1"}},
		{"time", 2, "--time-limit", []string{"train", good, "--time-limit", "0"}},
		{"memory", 2, "--memory-limit", []string{"train", good, "--memory-limit", "lots"}},
		{"threads", 2, "--threads", []string{"train", good, "--threads", "0"}},
		{"delimiter", 2, "--delimiter", []string{"train", good, "--delimiter", "ab"}},
		{"flag of a file", 2, "built in", []string{"train", "iris", "--skip", "1"}},
		{"unknown flag", 2, "--bta", []string{"train", good, "--bta", "1"}},
		{"unknown command", 2, "did you mean train", []string{"trian", good}},
		{"too many arguments", 2, "unexpected", []string{"train", good, good}},
		{"DATA and --x", 2, "exclude", []string{"train", good, "--x", m}},
		{"--y alone", 2, "--x", []string{"train", good, "--y", m}},
		{"target of a matrix", 2, "--target", []string{"train", "--x", m, "--target", "2"}},
		{"no data", 2, "missing DATA", []string{"train"}},
		{"no model", 2, "missing MODEL", []string{"predict"}},
		{"argument of version", 2, "no argument", []string{"version", "now"}},
		{"a billion patterns", 1, "memory", []string{"train", "breast-cancer", "--patterns", "1000000000"}},
		{"a billion patterns to count", 1, "memory", []string{"patterns", "breast-cancer", "--patterns", "1000000000"}},
		{"gates", 1, "gates", []string{"train", good, "--gates", write("gates.txt", "1 2 3 4", "1 2 3 4")}},
		{"text among gates", 1, "header", []string{"train", good, "--gates", write("words.txt", "a b c", "1 2 3")}},
		{"targets of another length", 1, "targets", []string{"train", "--x", m, "--y", write("y.txt", "1", "2")}},
		{"input as output", 1, "to be read", []string{"train", good, "--report", good}},
		{"model missing", 1, "no such file", []string{"predict", filepath.Join(dir, "no.json"), good}},
		{"model truncated", 1, "damaged", []string{"predict", write("cut.json", text[:len(text)/2]), good}},
		{"model with a tail", 1, "damaged", []string{"predict", write("tail.json", text, "x"), good}},
		{"model of another kind", 1, "not a model", []string{"predict", write("other.json", `{"a":1}`), good}},
		{"model of the future", 1, "newer", []string{"predict", write("new.json", strings.Replace(text, `"version":1`, `"version":9`, 1)), good}},
		{"model of a huge size", 1, "inputs", []string{"predict", write("huge.json", strings.Replace(text, `"dim":3`, `"dim":3000000000000`, 1)), good}},
		{"model of wrong types", 1, "damaged", []string{"predict", write("types.json", strings.Replace(text, `"dim":3`, `"dim":"3"`, 1)), good}},
		{"model with an unknown member", 1, "unknown field", []string{"predict", write("field.json", strings.Replace(text, `"version":1`, `"version":1,"more":2`, 1)), good}},
		{"model without network", 1, "no network", []string{"predict", write("bare.json", `{"format":"convexnn-model","version":1,"network":null}`), good}},
		{"missing column", 1, `"b"`, []string{"predict", model, write("less.csv", "a,y", "1,2", "2,3")}},
		{"no labels", 1, `"y"`, []string{"evaluate", model, write("plain.csv", "a,b", "1,2", "2,3")}},
		{"table for a matrix model", 1, "--x", []string{"predict", matrix, good}},
		{"matrix of another width", 1, "features", []string{"predict", matrix, "--x", m}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := test.args
			out := filepath.Join(dir, "out")
			switch args[0] {
			case "train":
				args = append(args, "--out", out)
			case "predict":
				args = append(args, "--out", out)
			case "evaluate", "patterns":
				args = append(args, "--report", out)
			}
			before := len(list(t, dir))
			status, stdout, stderr := invoke(args...)
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "convexnn: ") || !strings.Contains(stderr, test.want) {
				t.Errorf("error %q, want one line with %q", stderr, test.want)
			}
			if args[0] != "train" && stdout != "" {
				t.Errorf("output %q", stdout)
			}
			if after := list(t, dir); len(after) != before {
				t.Errorf("files are left: %v", after)
			}
		})
	}
	if read(t, good) != strings.Join(table, "\n") {
		t.Error("the input was changed")
	}
}

func list(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestUnwritableOutputs(t *testing.T) {
	dir := t.TempDir()
	for _, flag := range []string{"--out", "--report"} {
		for _, path := range []string{filepath.Join(dir, "absent", "m.json"), dir, "/proc/m.json"} {
			stdout, stderr := must(t, exitFailed, "train", "digits", "--positive", "3", flag, path)
			if stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "cannot write "+path) {
				t.Errorf("%s %s: %q, %q", flag, path, stdout, stderr)
			}
		}
	}
}
