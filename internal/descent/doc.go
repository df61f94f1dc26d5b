// Package descent minimises the training objective of two-layer ReLU networks of a
// fixed width over all weights at once:
//
//	L(F) + beta/2 sum_j (|u_j|^2 + |g_j|^2),   F = sum_j (X u_j)_+ g_j' (+ 1 b')
//
// with u_j in R^d, gains g_j in R^c and an unpenalised intercept b. It is not convex,
// and smooth but for kinks, where x_i.u_j = 0. For balanced neurons, |u_j| = |g_j|, the
// penalty is beta sum_j |u_j||g_j|.
//
// First-order steps move all neurons together, which makes fast progress at first and
// gets stuck at kinks later, since the best weights lie on many of them.
//
// [Objective] has the value and the gradient on all samples, and steps of L-BFGS.
// [Batches] has them on some of the samples at a time, for stochastic gradients.
package descent
