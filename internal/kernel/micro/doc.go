// Package micro holds the innermost loops of the project, in Go and in assembly
// for AVX2 and AVX-512.
//
// # Panels
//
// The loops work on a panel: Width columns of a matrix, stored row after row
// without gaps, so that a row fills a few vector registers. A product with a panel
// keeps a tile of Rows x Width sums in registers and adds to it, for each step of the
// inner product, one row of the panel times numbers of the left matrix that are
// read where they lie.
//
// Columns of a panel are activation patterns. A mask holds a row of bits for each
// row of what it masks: Width/8 bytes, the lowest bit first. AVX-512 reads them
// into mask registers, so that a masked sum costs what a sum costs.
//
// # Choice
//
// [Float64] and [Float32] return the fastest version that the processor has. The
// environment variable CONVEXNN_KERNEL names another one: generic, avx2 or avx512;
// [CheckEnvironment] tells whether it can be had.
// The build tag noasm leaves the assembly out. Versions round differently, since
// they sum in another order; each gives the same bits in every run.
//
// The assembly is written by the program in the folder gen. Every version stands
// for the loop in the comment of its field of [Kernels], and is tested against it.
package micro
