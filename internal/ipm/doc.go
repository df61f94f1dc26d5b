// Package ipm solves group-cone programs with few blocks to high accuracy by a
// primal-dual interior point method:
//
//	minimise    1/2 |sum_j e_j D_j X u_j - y|^2 + beta sum_j |u_j|
//	subject to  S_j X u_j >= 0,  j = 1..k,
//
// where D_j is an activation pattern, S_j = 2 D_j - I and e_j = +1 or -1.
//
// # The method
//
// With t_j >= |u_j| the program has one non-negative slack for each sample and
// block and one second-order cone for each block. The iteration is Mehrotra's
// predictor and corrector with the scaling of Nesterov and Todd, as described
// by Vandenberghe, "The CVXOPT linear and quadratic cone program solvers"
// (2010): the same steps, specialised to this structure.
//
// # The linear algebra
//
// Eliminating slacks, multipliers and t_j leaves (H + F'F) du = b with
// F = [e_1 D_1 X, ..., e_k D_k X] and H block diagonal,
//
//	H_j = X' Omega_j X + (I - kappa q q')/eta^2,
//
// Omega_j the ratios of multipliers to slacks. Woodbury turns it into k Cholesky
// factors of order d and one of order n:
//
//	I + F H^-1 F' = I + sum_j B_j' B_j,   B_j = U_j'^-1 X' D_j,  H_j = U_j'U_j.
//
// One iteration costs about k n d^2 + k d n^2/2 + n^3/3 multiplications.
// Intended for hundreds of blocks: callers find the blocks that matter first.
package ipm
