// Package svm solves the 1-norm support vector machine over a list of columns that grows
// and shrinks: the restricted master program of column generation for two-layer ReLU
// networks with the hinge loss.
//
// # The program
//
// A neuron with a fixed direction u_k contributes the column a_k = (X u_k)_+, its
// activations on the n samples, times a gain g_k. A [Master] finds
//
//	minimise  sum_i max(0, m_i - s_i f_i) + beta sum_k |g_k|,    f = sum_k a_k g_k,
//
// (Zhu, Rosset, Hastie and Tibshirani, NIPS 2003). The targets y_i = s_i m_i give a class
// s_i = +1 or -1 and the margin m_i that is asked for, usually one. The dual is
//
//	maximise  sum_i m_i q_i,   0 <= q_i <= 1,   |a_k'v| <= beta for all k,   v_i = s_i q_i,
//
// so that q_i, the share of a sample, is the price of its margin: one where the sample
// is within its margin, zero where it is beyond. Any feasible q is a lower bound, and
// both programs are linear. Callers add columns of high price |a_k'v|, drop idle ones and
// solve again:
//
//	m := svm.New(y, beta)
//	for {
//		m.Solve(ctx, 1e-3)
//		// Price new columns with m.Residual() and m.Add them, or stop.
//		m.Keep(func(k int) bool { return m.Gain(k)[0] != 0 })
//	}
//
// # A central dual point
//
// The dual point of a simplex method is a vertex, and jumps from one to another as
// columns are added: most columns that are generated for it are of no use in the end.
// Here each master is solved by an interior point method, to the gap that is asked for
// and no further, and kept near the central path. Its dual point is in the middle of all
// those whose bound is as good, which is what steadies column generation (the primal-dual
// column generation method: Gondzio, Gonzalez-Brevis and Munari, European J. Operational
// Research 242, 2015). Early rounds should therefore ask for large gaps.
//
// # The method
//
// Mehrotra's predictor and corrector (SIAM J. Optimization 2, 1992) from a start that is
// infeasible, followed by correctors of centrality (Gondzio, Computational Optimization
// and Applications 6, 1996). What is reported does not depend on feasibility: the
// objective is that of the gains, and the dual point is scaled until it is feasible. Every
// solve starts anew, and takes 5 to 15 steps.
//
// A step solves a system with one diagonal for the n samples and one for the K columns.
// The larger side is eliminated: with r the smaller of n and K and R the larger, a step
// costs about r^2 R + r^3/3 multiplications. On the way to the solution the diagonals
// spread over twenty powers of ten, and all would be lost in the elimination; it is
// refined in such a way that gains and prices fit together to the last digits
// (system.solve, interior.direction).
//
// # What is zero
//
// Gains never become zero on the way. At the end those that are nothing but barrier are
// set to zero, and the others take over what they did, as far as the gap allows.
//
// # Bits
//
// Loops run in a fixed order, and what is computed in parallel is independent. The same
// calls give the same bits for any number of threads.
package svm
