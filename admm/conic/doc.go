// Package conic solves linear and quadratic programs over cones by the alternating
// direction method of multipliers, and bounds their optima rigorously.
//
// # The problem
//
// A [Problem] and its dual are
//
//	minimise    <c, x> + 1/2 x'Qx             maximise    b'y - 1/2 x'Qx
//	subject to  A x = b,  x in K              subject to  c + Qx - A'y = s,  s in K*
//
// K is a product of free, zero, non-negative, second-order and semidefinite cones, K*
// its dual. Symmetric matrices are vectors by [Svec], which keeps inner products. A
// linear form, an inequality or a norm becomes a coordinate of a cone and an equation;
// an x that lives in two cones is written twice, with equations between the two.
//
// # The method
//
// The minimum is over the affine set Ax = b and over the cone at once; each alone is
// easy. With weights w (one, but for free and zero coordinates), |.| the norm that
// they give, and a penalty rho, one iteration is
//
//	z = projection of v onto K
//	x = argmin <c, x> + 1/2 x'Qx + rho/2 |x - (2z - v)|^2  subject to  A x = b
//	v = v + alpha (x - z)
//
// This is ADMM with over-relaxation (Boyd, Parikh, Chu, Peleato and Eckstein, 2011,
// sections 3.4.3 and 5), for the copies x = z and the scaled multiplier v - z, written as
// the fixed-point iteration of Douglas and Rachford. The multipliers y of the second line
// and the slack s = rho w (z - v), which is in K* and orthogonal to z, are the dual
// point; at a fixed point all is optimal. SCS (O'Donoghue, Chu, Parikh and Boyd, 2016;
// O'Donoghue, 2021), OSQP (Stellato, Banjac, Goulart, Bemporad and Boyd, 2020) and COSMO
// (Garstka, Cannon and Goulart, 2021) are built on the same two steps. Around them,
// here as there:
//
//   - Equilibration. Rows and columns are scaled first (Ruiz, 2001), with one scale for
//     each second-order or semidefinite cone, which so stays itself.
//   - The penalty. Where |s| and rho |z| differ much, or the two residuals very much, rho
//     moves, less and less often.
//   - Acceleration. Every third step is Anderson's combination of up to thirty earlier ones
//     (Walker and Ni, 2011), taken back if it does not pay. It saves five of six iterations
//     on the problems of the tests.
//
// # The linear algebra
//
// With H = Q + rho diag(w), the second line is x = H^-1 (r + A'y), N y = b - A H^-1 r for
// the normal matrix N = A H^-1 A', which is factored once for each rho; without Q, once
// and for all. H is factored block by block of the coordinates that Q ties together. N is
// dense, on the fast kernels of this module, unless a minimum degree order leaves it
// sparse, as it does in most semidefinite programs. Redundant rows of A are found in
// the factorisation; if b contradicts them, that is a certificate.
//
// # Projections
//
// Onto the semidefinite cone they take an eigendecomposition, which dominates the time.
// From order 100 on, the eigenvectors of the smaller side of the spectrum are followed
// from one iteration to the next, with a check of the error; see BenchmarkProjection.
//
// # How it ends
//
// With x = z the cones hold and <s, x> = 0 up to rounding, always. A [Result] is solved
// when Ax = b, c + Qx - A'y = s and the equality of the two objectives hold up to the
// tolerance, in the units given and after equilibration. A y with b'y > 0 and -A'y in K* proves that nothing is feasible, since
// b'y = <A'y, x> <= 0 for x in K with Ax = b; an x in K with Ax = 0, Qx = 0 and <c, x> < 0
// is a direction along which the objective falls for ever. Where either exists, v runs
// off along it (Banjac, Goulart, Stellato and Boyd, 2019), and it is tested and returned.
//
// # Bounds
//
// Residuals are small, not zero, and the dual objective at a nearly feasible point bounds
// nothing. [Bound] does, at any y and u. For x in K with Ax = b, as Q is positive
// semidefinite, 1/2 x'Qx >= u'Qx - 1/2 u'Qu, thus with s = c + Qu - A'y
//
//	<c, x> + 1/2 x'Qx  >=  <c + Qu, x> - 1/2 u'Qu  =  b'y - 1/2 u'Qu + <s, x>,
//
// and <s, x> is a sum over cones. Where s is in the dual of a cone, its part is not
// negative. Where it is not, the part costs at most what a limit on x allows:
//
//	semidefinite   <S, X>        >=  min(0, least eigenvalue of S) tr X
//	second-order   <s, (t, z)>   >=  min(0, s_t - |s_z|) t
//	non-negative   s_j x_j       >=  min(0, s_j) x_j
//	free           s_j x_j       >=  -|s_j| |x_j|
//
// The first is <S - l I, X> >= 0 for the least eigenvalue l: S is shifted until it is in
// the cone, and the shift is paid for. So if some minimiser has traces, t, entries and
// absolute values within stated limits, the optimum is at least
//
//	b'y - 1/2 u'Qu - sum of limit times violation.
//
// Limits come from the constraints: in the relaxation of max-cut all diagonal entries
// are one, and the trace is the order. A wrong limit makes a wrong bound; nothing else does.
//
// # Accuracy
//
// Relative residuals of 1e-6 take tens to hundreds of iterations on well-posed problems,
// and thousands where minimisers are not unique or touch the cone's boundary without
// strict complementarity. Order, equations and memory are known beforehand:
// [Problem.String] and [EstimateMemory] state them, and Solve refuses what does not fit.
// Results have the same bits for any number of threads.
package conic
