package kernel

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"

	"github.com/convexnn/convexnn/internal/kernel/micro"
)

// Dot returns the inner product of x and y, of the length of x.
func Dot(x, y []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	_ = y[len(x)-1]
	return vectors.Dot(len(x), &x[0], &y[0])
}

// AddScaled adds alpha s to dst, both of the length of dst.
func AddScaled(dst []float64, alpha float64, s []float64) {
	if len(dst) == 0 {
		return
	}
	_ = s[len(dst)-1]
	vectors.Axpy(len(dst), alpha, &s[0], &dst[0])
}

// MulVec sets dst (rows of a) to a x.
func MulVec(dst []float64, a blas64.General, x []float64) {
	if a.Rows == 0 {
		return
	}
	if a.Cols == 0 {
		clear(dst[:a.Rows])
		return
	}
	_, _, _ = dst[a.Rows-1], x[a.Cols-1], a.Data[(a.Rows-1)*a.Stride+a.Cols-1]
	vectors.Dots(a.Rows, a.Cols, &a.Data[0], a.Stride, &x[0], &dst[0])
}

// AddMulTransVec adds alpha a'x to dst (columns of a). Zeros in x cost nothing.
func AddMulTransVec(dst []float64, alpha float64, a blas64.General, x []float64) {
	if a.Cols == 0 {
		return
	}
	for i, v := range x[:a.Rows] {
		if v != 0 {
			AddScaled(dst[:a.Cols], alpha*v, a.Data[i*a.Stride:i*a.Stride+a.Cols])
		}
	}
}

// vectors is the version in use, without the lock of asking for it.
var vectors = micro.Float64()

// Version returns the name of the innermost loops in use, and an error if the
// environment asks for others that are not to be had.
func Version() (string, error) { return vectors.Name, micro.CheckEnvironment() }

// PowerOfTwo returns the power of two next to v > 0, by which numbers of about its size
// are divided without rounding; 1 for zero and what is not finite.
func PowerOfTwo(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	_, exp := math.Frexp(v)
	return math.Ldexp(1, exp)
}
