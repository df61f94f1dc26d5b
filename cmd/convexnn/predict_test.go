package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPredictByName(t *testing.T) {
	table, _, _ := curve(30)
	train, model := file(t, "train.csv", table...), filepath.Join(t.TempDir(), "m.json")
	must(t, exitDone, "train", train, "--patterns", "20", "--out", model)
	other := []string{"note;y;b;a"}
	for _, l := range table[1:] {
		f := strings.Split(l, ",")
		other = append(other, "some text;?;"+f[1]+";"+f[0])
	}
	first, _ := must(t, exitDone, "predict", model, train, "--scores")
	second, _ := must(t, exitDone, "predict", "--scores", model, file(t, "other.csv", other...))
	if first != second {
		t.Errorf("columns in another order give\n%s\ninstead of\n%s", second, first)
	}
	if lines := strings.Split(first, "\n"); lines[0] != "prediction,score" || len(lines) != 32 {
		t.Errorf("header %q and %d lines", lines[0], len(lines))
	}
	out := filepath.Join(t.TempDir(), "p.csv")
	if stdout, _ := must(t, exitDone, "predict", model, train, "--scores", "--out", out); stdout != "" || read(t, out) != first {
		t.Error("--out writes something else")
	}
}

func TestPredictLabels(t *testing.T) {
	model := filepath.Join(t.TempDir(), "m.json")
	must(t, exitDone, "train", "iris", "--positive", "setosa", "--patterns", "20", "--out", model)
	stdout, _ := must(t, exitDone, "predict", model, "iris")
	if n := strings.Count(stdout, "\nsetosa"); n != 50 {
		t.Errorf("%d rows are setosa", n)
	}
	if n := strings.Count(stdout, "\nnot setosa"); n != 100 {
		t.Errorf("%d rows are not setosa", n)
	}
}

func TestEvaluateAgreesWithTrain(t *testing.T) {
	model := filepath.Join(t.TempDir(), "m.json")
	stdout, _ := must(t, exitDone, "train", "diabetes", "--patterns", "10", "--test-fraction", "0", "--out", model, "--report", "-")
	trained := readJSON(t, stdout)["metrics"].(map[string]any)["train"]
	stdout, _ = must(t, exitDone, "evaluate", model, "diabetes", "--report", "-")
	if got := readJSON(t, stdout)["metrics"]; fmt.Sprint(got) != fmt.Sprint(trained) {
		t.Errorf("evaluate says %v, train %v", got, trained)
	}
}

func TestModelRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.json")
	must(t, exitDone, "train", "xor", "--test-fraction", "0", "--out", path)
	m, err := openModel(path)
	if err != nil {
		t.Fatal(err)
	}
	var again strings.Builder
	if err := m.write(&again); err != nil || again.String() != read(t, path) {
		t.Errorf("%v: %s", err, again.String())
	}
}

func TestBuiltinBeforeFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("xor", []byte("nonsense"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, stderr := must(t, exitDone, "train", "xor"); !strings.Contains(stderr, "built-in") {
		t.Errorf("no notice: %q", stderr)
	}
}

// pipe fails every write after the first.
type pipe struct {
	err    error
	writes int
}

func (p *pipe) Write(b []byte) (int, error) {
	if p.writes++; p.writes > 1 {
		return 0, p.err
	}
	return len(b), nil
}

func TestClosedOutput(t *testing.T) {
	dir := t.TempDir()
	model := filepath.Join(dir, "m.json")
	var stderr strings.Builder
	args := []string{"train", "xor", "--out", model}
	if s := run(context.Background(), args, &pipe{err: io.ErrClosedPipe}, &stderr); s != exitDone || stderr.Len() > 0 {
		t.Errorf("closed pipe: status %d, %s", s, &stderr)
	}
	if _, err := openModel(model); err != nil {
		t.Error(err)
	}
	if s := run(context.Background(), args, &pipe{err: errors.New("no space left on device")}, &stderr); s != exitFailed ||
		!strings.Contains(stderr.String(), "no space left") {
		t.Errorf("full disk: status %d, %s", s, &stderr)
	}
}

func TestOutputsKeepMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	must(t, exitDone, "train", "xor", "--out", link)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() < 100 {
		t.Errorf("%v %v", info, err)
	}
	if info, err = os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]size{"4GB": 4e9, "500MiB": 500 << 20, "2e9": 2e9, "1.5 g": 1.5e9, "64kib": 64 << 10, "100b": 100} {
		var s size
		if err := s.Set(text); err != nil || s != want {
			t.Errorf("%s is %d, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "GB", "-1GB", "0", "NaN", "Inf", "1e30", "4XB"} {
		var s size
		if s.Set(text) == nil {
			t.Errorf("%q is accepted as %d", text, s)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help", "train"}, {"train", "--help"}, {"patterns", "-h"}, {"--version"}} {
		if stdout, stderr := must(t, exitDone, args...); stdout == "" || stderr != "" {
			t.Errorf("%v prints %q and %q", args, stdout, stderr)
		}
	}
	if stdout, stderr := must(t, exitUsage); stdout != "" || !strings.Contains(stderr, "no command given") {
		t.Errorf("nothing given: %q and %q", stdout, stderr)
	}
}
