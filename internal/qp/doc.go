// Package qp solves the two small quadratic programs on which the certificates
// of the trainer rest, each by an active-set method that ends at the exact
// solution up to rounding.
//
// # Projection onto a cone
//
// An activation pattern with signs s_i belongs to the cone
//
//	K = {u : s_i x_i.u >= 0 for all i},
//
// and max {g.u : u in K, ||u|| <= 1} is the norm of the projection of g onto K.
// By Moreau's decomposition the projection is g + A'lambda, where row i of A is
// s_i x_i and lambda solves the non-negative least squares problem
//
//	minimise ||g + A'lambda|| over lambda >= 0.
//
// [ConeProjector] solves it by the method of Lawson and Hanson (Solving Least
// Squares Problems, 1974, chapter 23). However inexact the solution, the norm of
// g + A'lambda for any lambda >= 0 bounds the norm of the projection from
// above; the norm returned is computed from the lambda returned, so it is such
// a bound.
//
// # Projection onto a zonotope
//
// The zonotope of rows b_j is {B't : 0 <= t <= 1}. [BoxProjector] finds its
// point nearest to a, the box-constrained least squares problem
//
//	minimise ||a - B't|| over t in [0,1]^m,
//
// by a few sweeps of coordinate descent that settle most bounds, followed by
// the bounded-variable method of Stark and Parker (Computational Statistics 10,
// 1995). Any t in the box bounds the distance from above.
//
// # Shared machinery
//
// Both methods hold the rows that are free to move (those with lambda_i > 0 or
// 0 < t_j < 1) in a QR factorisation that is updated, not recomputed, that of
// internal/orth: a row enters by twice-iterated Gram-Schmidt and leaves by Givens
// rotations. An iteration therefore costs one product with all rows and O(dk) for k free
// rows. Rows are scaled to unit length first, so that tolerances are angles and
// the scale of a row does not matter; rows of zeros are ignored. A row that is
// numerically dependent on the free rows never enters, which is what keeps
// duplicate, parallel and antipodal rows harmless.
//
// A projector owns its workspace: use one per goroutine (see
// [ConeProjector.Clone] and [BoxProjector.Clone], which share the scaled rows),
// and expect no allocation after the first call. Inputs must be finite; callers
// check that at the door.
package qp
