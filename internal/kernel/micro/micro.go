package micro

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

//go:generate go run -C gen . -isa avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg micro
//go:generate go run -C gen . -isa avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg micro

// Float is a type of number.
type Float interface{ float32 | float64 }

// Kernels is one version of the loops. Numbers of rows and k are at least 1,
// strides are in numbers. Nothing is checked.
type Kernels[T Float] struct {
	// Name is generic, avx2 or avx512.
	Name string
	// Width is the number of columns of a panel, a multiple of 8.
	Width int
	// Rows is the number of rows of a tile; numbers of rows that it divides are
	// fastest.
	Rows int
	// Lanes is the number of partial sums that Forward and Cone keep.
	Lanes int

	// MulN sets the rows x Width matrix c to a times the panel (k x Width), or adds
	// that to it:
	//
	//	for r < rows, l < k, j < Width: c[r*ldc+j] += a[r*lda+l] * panel[l*Width+j]
	MulN func(rows, k int, a *T, lda int, panel, c *T, ldc int, add bool)
	// MulT does so with the transpose of a (k x rows):
	//
	//	for r < rows, l < k, j < Width: c[r*ldc+j] += a[l*lda+r] * panel[l*Width+j]
	MulT func(rows, k int, a *T, lda int, panel, c *T, ldc int, add bool)
	// Forward adds up the masked rows of the product of a (rows x k) with the panel
	// without storing it. sums (rows x Lanes) has its row sums in parts:
	//
	//	for r < rows, j < Width, l < k: if masks[r*Width+j]: sums[r*Lanes+j%Lanes] += a[r*lda+l] * panel[l*Width+j]
	Forward func(rows, k int, a *T, lda int, panel *T, masks *byte, sums *T)
	// Expand makes a panel (rows x Width) of masked numbers r (rows):
	//
	//	for i < rows, j < Width: panel[i*Width+j] = masks[i*Width+j] ? r[i] : 0
	Expand func(rows int, masks *byte, r, panel *T)
	// Weigh scales the rows of a panel:
	//
	//	for i < rows, j < Width: dst[i*Width+j] = r[i] * panel[i*Width+j]
	Weigh func(rows int, r, panel, dst *T)
	// Choose copies the columns of a panel that one row of a mask has, and sets the
	// others to zero:
	//
	//	for i < rows, j < Width: dst[i*Width+j] = mask[j] ? panel[i*Width+j] : 0
	Choose func(rows int, mask *byte, panel, dst *T)
	// Cone moves the state z (rows x Width), whose positive part holds slacks and
	// whose negative part multipliers, at w (rows x Width), and replaces w by what
	// the weights see of z, with s = +1 where the mask has a bit and -1 elsewhere:
	//
	//	p, old := s*w, max(z, 0)
	//	z = params[0]*p + params[1]*old + min(z, 0), zero if below params[2] in magnitude
	//	w = s*|z|
	//
	// sums (5 x Lanes) gets the squares of p - z_+, z_+ - old, p, z_+ and z_-, in
	// parts. params[3] must be -0. What becomes of NaN in z is not the same in all
	// versions.
	Cone func(rows int, masks *byte, z, w, params, sums *T)
	// Dot returns the inner product of two vectors of n numbers, n >= 0.
	Dot func(n int, x, y *T) T
	// Axpy adds alpha x to y, both of n numbers, n >= 0.
	Axpy func(n int, alpha T, x, y *T)
	// Dots sets y to the product of a (rows x n) and x (n), n >= 0:
	//
	//	for r < rows: y[r] = sum over l < n of a[r*lda+l] * x[l]
	Dots func(rows, n int, a *T, lda int, x, y *T)
	// Peak does n times Rows x Width multiplications and additions that need no
	// memory. It is there to be timed.
	Peak func(n int)
}

// Float64 returns the version for float64 that is in use.
var Float64 = sync.OnceValue(func() *Kernels[float64] { return choose(Versions64()) })

// Float32 returns the version for float32 that is in use.
var Float32 = sync.OnceValue(func() *Kernels[float32] { return choose(Versions32()) })

// variable names the version to use.
const variable = "CONVEXNN_KERNEL"

// choose returns the version that the environment names, or else the last.
func choose[T Float](versions []*Kernels[T]) *Kernels[T] {
	for _, v := range versions {
		if v.Name == os.Getenv(variable) {
			return v
		}
	}
	return versions[len(versions)-1]
}

// CheckEnvironment returns an error if the environment names a version that this
// build on this processor does not have. The fastest one is in use then.
func CheckEnvironment() error {
	name, versions := os.Getenv(variable), Versions64()
	names := make([]string, len(versions))
	for i, v := range versions {
		names[i] = v.Name
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return fmt.Errorf("the environment has %s=%q; this build on this processor has %s", variable, name, strings.Join(names, ", "))
}

// Versions64 lists the versions for float64 that this build has and the
// processor runs, the fastest last.
func Versions64() []*Kernels[float64] {
	return append([]*Kernels[float64]{generic[float64]()}, assembly64()...)
}

// Versions32 does so for float32.
func Versions32() []*Kernels[float32] {
	return append([]*Kernels[float32]{generic[float32]()}, assembly32()...)
}
