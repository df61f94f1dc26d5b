// Package pricing maximises the price of a neuron,
//
//	theta(v) = max over ||u|| <= 1 of sum_i v_i (x_i.u)_+,
//
// for samples x_i, the rows of an n x d matrix X, and one number v_i per sample.
//
// It is the constraint of the convex dual of two-layer ReLU training: with v the
// residual, a network is optimal when theta(v) and theta(-v) are at most the
// regularisation beta, and a direction u with a larger value is a neuron that
// improves it. The two are different numbers. theta is never negative, as u = 0
// is allowed, and it is NP-hard to compute.
//
// # Geometry
//
// Split the samples into P = {v_i > 0} and N = {v_i < 0}. The sum over P is
// convex in u and piecewise linear: it is the largest a_S.u over the subsets S
// of P, where a_S = sum_{i in S} v_i x_i. The sum over N is minus the support
// function of the zonotope Z_N = {sum_{j in N} t_j |v_j| x_j : 0 <= t_j <= 1}.
// Swapping max and min,
//
//	theta(v) = max over subsets S of P of dist(a_S, Z_N),
//
// and the direction that attains it is the residual of projecting a_S on Z_N.
//
// # Local search
//
// [Local] ascends from many starts. A step takes the subset S = {i in P :
// x_i.u > 0} of the current direction u and moves to the normalised residual of
// a_S: the step of difference-of-convex programming (Tao and An 1997), which
// never decreases the value and ends after finitely many subsets. The best
// directions are then improved by moving single samples into S or out of it, and
// by ascents from random directions around them. For the residuals met late in
// training, whose price has many local maxima of about one height, these two
// find more in less time than further starts.
//
// The result is a lower bound of theta(v). Nothing follows from it alone about
// directions that were not found; Result.Exact marks the cases with a closed
// form.
package pricing
