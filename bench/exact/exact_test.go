package main

import (
	"strings"
	"testing"
)

func TestQuick(t *testing.T) {
	var b strings.Builder
	if err := run(t.Context(), &b, sizes[:2], 2, 1e4); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines != 4 || strings.Contains(b.String(), "| - |") {
		t.Error(b.String())
	}
}
