// Package relax bounds the training of two-layer ReLU networks, with one or several
// outputs, by convex programs, and reads networks off them.
//
// # The problem
//
// With rows x_i of X (n x d), targets Y (n x c) and neurons that share their weights u_j
// among all outputs, training is
//
//	minimise  1/2 |F(X) - Y|^2 + beta sum_j |u_j||g_j|,   F(x) = sum_j (u_j.x)_+ g_j,
//
// over networks of any width; p* is its optimum. With one output it is the problem of
// package convexnn. With several it is not one network for each output: neurons are
// shared, and the penalty of a neuron is the length of all its gains.
//
// # The ladder
//
// [Problem.Ladder] computes four lower bounds, whose values are ordered, and a network:
//
//	gated <= trace form <= p*,   moments <= sign split <= p*,   moments <= trace form.
//
// The rungs:
//
//   - [Problem.Trace]: Sahiner, Ergen, Pauly and Pilanci (2021). One matrix of second
//     moments of the neurons in each cell of the arrangement of the rows. It is a program
//     over the cones conv {uu' : u in the cell}, for which the doubly non-negative
//     matrices stand. This is exact where no cell has more than four facets, so
//     always in the plane, that is for two columns, or one and a bias. Elsewhere it
//     mostly is, and with one output it always was in our tests; with several, and four
//     columns or more, it was up to a few thousandths below p*.
//   - [Problem.Gated]: the same without signs, the gated network, far below usually.
//   - [Problem.Moments]: Prakhya, Birdal and Yurtsever (2024). One matrix of order c+n+d,
//     whatever the number of cells; exact for few rows, and up to half below with more.
//   - [Problem.SignSplit]: two such matrices, one for either sign of the gain, for one
//     output. Never worse, often better: on XOR with a bias it is exact, the other is not.
//
// # What is proved
//
// Every [Bound] has two numbers. Value is what the solver found for the program. Lower is
// proved: it holds at whatever point the solver stopped. For the trace form the dual
// vector V is scaled until the largest eigenvalue over all cells allows it, as said at
// the source. For the relaxations by moments the slack matrix is shifted until it is
// positive semidefinite, and the shift is paid for with a bound on the trace of some
// minimiser, see [Problem.Moments].
//
// The network comes with its own proof. [Trace.Recover] prices its residual over all
// cells, by the faces of each, and ends when bound and objective meet. That is the dual
// of training itself, and holds where the relaxation is not exact; so the bracket
// [Recovery.Lower, Recovery.Objective] is the one to go by. Where the
// cells have very many faces, prices are for one output only, and the bracket is that of
// the relaxation.
//
// Everything is computed in float64: rows whose directions differ by less than 1e-12
// count as parallel, and what is proved holds up to about that.
//
// # The methods
//
// The trace form is solved by an interior point method that follows the central path with
// Newton steps. Its Hessian has a block for each cell and a rest of rank nc, so that a
// thousand cells take seconds. In coordinates in which each cell is not thin it reaches
// relative gaps of 1e-7 or better in tens to a few hundred steps. [Trace.Program] writes
// the same program for the conic solver, whose ADMM takes thousands of steps to 1e-4
// beyond ten cells; it is there as another way to the same number, and for other solvers
// by the WriteSDPA method of its Problem.
//
// The relaxations by moments are solved by ADMM. Up to about ten rows and with a beta of a
// tenth of the largest it reaches 1e-6. With more rows or a smaller beta it may stop short,
// which leaves the proved bound lower than the relaxation's, even zero: the limits on the
// trace, which pay for the repair, grow like 1/beta.
package relax
