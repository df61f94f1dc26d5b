// Package linear trains deep linear networks to global optimality where that can be had,
// shows the convex programs behind it, and says what is proved.
//
// # The problem
//
// A deep linear network maps x to x W_1 W_2 ... W_L. With Y (n x c) the targets of the
// rows of X (n x d), and hidden layers of any widths, training minimises
//
//	1/2 |X W_1 ... W_L - Y|^2 + beta/2 (|W_1|^2 + ... + |W_L|^2)
//
// in Frobenius norms. What such a network can compute is a matrix; what makes its training
// hard, and worth a look, is that the layers multiply: the problem is not convex, and has
// saddles.
//
// # Depth disappears
//
// The products W of such layers are the d x c matrices of rank at most the bottleneck
// r = min(d, c, widths) ([Bottleneck]), and among all layers with the product W the
// smallest sum of squares is that of balanced ones ([Factor]),
//
//	min 1/2 sum |W_l|^2 = (L/2) sum_i sigma_i(W)^(2/L)
//
// ([Penalty]). So training is a problem in W alone: a loss, a function of singular values,
// a limit on the rank. [Train] solves it:
//
//   - without weight decay by reduced-rank regression, exactly, whatever depth and X
//     ([ReducedRank]); the [KyFan] program is a small convex program of the same value;
//   - where X'X is a multiple of the identity, or of a projection, by shrinking each
//     singular value of X'Y by itself, exactly, for every depth ([Shrinkage]). At depth 2
//     that is the soft threshold, and from depth 3 on singular values jump from zero
//     ([Threshold]);
//   - with two layers that are wide enough, for any X, by the convex program with the
//     nuclear norm ([Nuclear]), whose dual proves the optimum ([NuclearBound]);
//   - otherwise by local search from many starts ([Local]). The problem is not convex
//     then, and nothing is claimed that is not proved: a lower bound comes with the
//     result. It often meets the objective, which proves that the local optimum is global
//     after all.
//
// The lower bounds of the last case keep either the penalty or the loss as it is and
// replace the other by something linear below it. A loss splits into a multiple of |W|^2,
// with which any penalty of singular values has a closed form, and a convex rest, which
// lies above its tangents. And a nuclear norm lies above its tangents <E, W>, with which
// least squares at a limited rank has a closed form. Each tangent gives a bound, and the
// bound is concave in it, so that the best tangent can be sought.
//
// # The lifting
//
// [Lifted] is training as a linear program over a generalised completely positive cone
// (after Prakhya and Yurtsever, 2026): convex, exact for any depth without weight decay
// and for two layers with, and of a size that depends on d and c alone. Such programs
// are as hard as what they came from, and nobody optimises over the cone itself. What is
// done here: the program is written down, networks are lifted to feasible points of it and
// verified there ([Lifted.Lift], [Lifted.Verify]), and for d + c <= 6 a semidefinite
// relaxation is solved, whose bound is exact for r = 1 without weight decay in all our
// tests, often for r = 1 with it, and weak for larger r ([NewRelaxation]).
//
// # The baseline
//
// [Descend] is gradient descent on the factors, to be put beside all this.
//
// # What the proofs are worth
//
// Everything is computed in float64. Singular values of X below 4 max(n, d) 2^-52 of the
// largest count as zero; closed forms and bounds hold up to rounding, about 1e-13 of the
// terms in them where X is well conditioned. Without weight decay they rest on the space of
// the columns of X, which is known to about 1e-16 times the ratio of its singular values:
// from ratios of about 1e9 on, results may not count as exact, and from about 1e11 on
// [Train] may return convexnn.ErrContradiction.
package linear
