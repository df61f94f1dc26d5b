// Package lasso solves the group lasso over a list of columns that grows and
// shrinks: the restricted master program of column generation for two-layer ReLU
// networks.
//
// # The program
//
// A neuron with a fixed direction u_k contributes the column a_k = (X u_k)_+, its
// activations on the n samples, times a gain g_k in R^c. A [Master] finds
//
//	minimise  L(F) + beta sum_k |g_k|_2,    F = sum_k a_k g_k'  (n x c),
//
// for a convex loss L that is a sum over samples ([Loss]; [Squared] is the usual
// one). Columns without penalty stand for what is free, such as an intercept.
// Callers add columns of high price |a_k'V|, V the residual, drop idle ones and
// solve again: a solve starts from the gains at hand, and the inner products and
// factors of the one before are still there.
//
//	m := lasso.New(lasso.NewSquared(y, 1), beta)
//	m.AddFree(ones)
//	for {
//		m.Solve(ctx, 1e-6)
//		// Price new columns with m.Residual() and m.Add them, or stop.
//		m.Keep(func(k int) bool { return m.Gain(k)[0] != 0 })
//	}
//
// At a solution |a_k'V| <= beta for all k, with a_k'V = beta g_k/|g_k| where the
// gain is not zero, and a_k'V = 0 for free columns. [Master.Solve] ends when these
// conditions hold within its tolerance.
//
// # Rounds
//
// A round prices all columns, takes those with nonzero gains and the worst
// violators for members of the working set, and minimises over them the model in
// which the loss is quadratic and the penalty as it is. For the squared loss the
// model is the program. For others it has the Hessian at the current predictions
// (a proximal Newton method: Lee, Sun and Saunders, SIAM J. Optimization 24, 2014)
// and is followed by a line search.
//
// The inner products of the members are kept. Each costs n multiplications once,
// and what follows is free of n.
//
// # One output
//
// The model is solved exactly, by an active-set method in the manner of Osborne,
// Presnell and Turlach (IMA J. Numerical Analysis 20, 2000) and the feature-sign
// search of Lee, Battle, Raina and Ng (NIPS 2006). A pass of coordinate descent
// lets columns in. Then, with the signs fixed, the model is quadratic in the gains
// of the support, and a Newton step leads to its minimum. Where a gain vanishes on
// the way, its column leaves and the step is taken anew. A Cholesky factor of the
// inner products of the support follows by rotations, so that a step costs about
// two products with a triangle of the order of the support and no new factor.
//
// Columns of the support stay independent. A column in the span of the others, as
// a copy is, is exchanged: there is a line on which the fit stays as it is, and on
// it a gain is driven to zero.
//
// # Several outputs
//
// Passes of block coordinate descent over the members, each block in closed form,
// settle which gains are zero. Newton steps over the others, with the true
// Hessian, do the rest. Their systems have order c times the support and are
// solved by conjugate gradients with one factor of the order of the support as
// preconditioner. A ridge that fades with the violation of the conditions keeps
// steps short where columns are nearly equal.
//
// # Bits
//
// Loops run in a fixed order; the inner products that are computed in parallel
// are independent. The same calls give the same bits for any number of threads.
package lasso
