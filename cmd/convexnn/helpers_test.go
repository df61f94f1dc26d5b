package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// invoke runs the command and returns what it printed.
func invoke(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(context.Background(), args, &out, &err)
	return status, out.String(), err.String()
}

// must runs the command and fails the test unless it ends with the status.
func must(t *testing.T, status int, args ...string) (stdout, stderr string) {
	t.Helper()
	got, stdout, stderr := invoke(args...)
	if got != status {
		t.Fatalf("convexnn %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, stdout, stderr)
	}
	for _, word := range []string{"NaN", "Inf", "panic", "goroutine"} {
		if strings.Contains(stdout, word) {
			t.Errorf("convexnn %s prints %s:\n%s", strings.Join(args, " "), word, stdout)
		}
	}
	return stdout, stderr
}

// file writes a file of the lines into a new folder.
func file(t *testing.T, name string, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// readJSON decodes a report.
func readJSON(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	if d.More() {
		t.Fatalf("more than JSON:\n%s", text)
	}
	return v
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// curve is a table of a smooth function of two features, and its matrices.
func curve(n int) (table, x, y []string) {
	table = []string{"a,b,y"}
	for i := range n {
		a, b := float64(i%7)-3, float64(i%5)/2
		v := a*a - b
		table = append(table, fmt.Sprintf("%v,%v,%v", a, b, v))
		x, y = append(x, fmt.Sprintf("%v %v", a, b)), append(y, fmt.Sprint(v))
	}
	return table, x, y
}
