// Package kernel holds the dense products with activation patterns that a solve
// consists of.
//
// Patterns D_1..D_P are bit masks over the n samples. Weights of P blocks are a
// P x d row-major array U, one block u_p a row. The products are
//
//	Forward   f   = sum_p D_p X u_p         n-vector
//	Adjoint   g_p = X' D_p r                one d-vector for each pattern
//	Gram      N   = (X K X') o C            n x n, C the co-activation counts
//	Cones     one pass of the ADMM over the slacks of all cone constraints
//
// Each function's comment states the loop that it replaces; the tests hold each
// against that loop. No product forms an n x P matrix, except that the state of
// Cones is one. The innermost loops are those of package micro.
//
// Beside them stand dense products and Cholesky factors on the same loops, which
// the second-order method spends its time in.
//
// Work is split over samples where samples are summed into, and over patterns
// where patterns are, so that every number is summed in one order for any
// number of threads.
package kernel
