// Package admm solves group-cone programs by the alternating direction method
// of multipliers.
//
// A group-cone program has weights u = (u_1, ..., u_m), one d-vector for each
// block, a linear fit F u in R^n, and for each block a cone of linear
// inequalities:
//
//	minimise    1/2 |F u - y|^2 + beta sum_j |u_j|
//	subject to  G_j u_j >= 0,  j = 1..m.
//
// The convex form of a two-layer ReLU network (Pilanci and Ergen, 2020) is one;
// without the cones it is a group lasso, the gated ReLU network. The package
// knows neither networks nor patterns: it sees an [Operator].
//
// # The method
//
// With copies v = u and slacks s = G u, and scaled multipliers lambda and nu,
// one iteration is
//
//	u      = argmin 1/2 |F u - y|^2 + rho/2 (|u - v + lambda|^2 + |G u - s + nu|^2)
//	u~, p  = over-relaxed u and G u: alpha times the new, 1 - alpha times v and s
//	v      = shrink(u~ + lambda, beta/rho)      block soft-thresholding
//	s      = max(p + nu, 0)
//	lambda = lambda + u~ - v,   nu = nu + p - s
//
// (Boyd, Parikh, Chu, Peleato and Eckstein, 2011, sections 3.4 and 6.4; the
// splitting is that of Bai, Gautam and Sojoudi, 2023.) The first line is exact:
// when M = I + G'G is the same small matrix for every block, the Woodbury
// identity leaves one n x n system
//
//	(rho I + F M^-1 F') h = y - F c,   u = c + M^-1 F' h,
//
// whatever the number of blocks, and the residual y - F u is rho h, at no cost.
// The system is factored while n allows it; past that, conjugate gradients run
// on the same operator without forming it.
//
// # Accuracy
//
// The method reaches a relative accuracy of 1e-2 in hundreds of iterations and
// 1e-4 in thousands. It is the way to good weights and to the set of blocks
// that matter, on any size; a caller that wants more hands these to a
// second-order method.
package admm
