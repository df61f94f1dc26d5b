package svm_test

import (
	"context"
	"testing"

	"github.com/convexnn/convexnn/internal/svm"
)

// Without columns the loss is the sum of the margins asked for, for more samples too than
// one part of a product takes.
func TestManySamplesWithoutColumns(t *testing.T) {
	y := make([]float64, 300)
	for i := range y {
		y[i] = float64(1 - 2*(i%2))
	}
	m := svm.New(y, 1)
	m.Solve(context.Background(), 1e-6)
	if m.Objective() != 300 {
		t.Errorf("objective %v", m.Objective())
	}
}
