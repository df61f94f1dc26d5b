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
// # Four ways
//
//   - [Local] ascends from many starts. It proves nothing, takes milliseconds for
//     hundreds of samples, and is for v of which only some direction above beta is
//     wanted.
//   - Sorting gives theta where the samples span at most a plane. [Local] and
//     [BranchAndBound] do that by themselves.
//   - [BranchAndBound] proves a bound that meets the value, and brackets theta
//     wherever it is stopped. It is for tens of samples in ten dimensions, or one or
//     two hundred in five. Its work depends on v.
//   - [ByCells] visits all cells of the arrangement, for v and -v at once. Its work
//     hardly depends on v, and grows like n^(r-1) for samples of rank r: the 250,000
//     cells of 500 samples of rank 3 take less than a second. Above that rank, cells
//     are few enough only for few samples.
//
// All give directions that are found with their patterns ([Direction]). For weights
// with several outputs, [LocalOutputs] takes the place of the first, and
// [OutputsByCells] of the last.
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
// [Local] ascends from many starts. The samples of N bend the price down at their
// hyperplanes, and a maximum lies on some of these ridges. An ascent follows them by
// active sets, the method of Bartels, Conn and Sinclair (SIAM Journal on Numerical
// Analysis 15, 1978) on the sphere: a step goes along the ridges that it is on, over
// other hyperplanes as long as the value rises; a ridge is taken on where a step ends
// on it, and left where the price rises to one side of it. The value never decreases.
// The end reproduces itself in the step of difference-of-convex programming (Tao and
// An 1997), which takes the subset S = {i in P : x_i.u > 0} of u and moves to the
// normalised residual of a_S. Where rounding keeps the active sets from an end, these
// steps lead to one.
//
// The best directions are then improved by moving single samples into S or out of
// it, and by ascents from random directions around them. For the residuals met late
// in training, whose price has many local maxima of about one height, time spent on
// these two and on further starts pays about alike.
//
// Against trees, for 40 residuals of 30 to 59 samples in 4 to 8 dimensions, with the
// peaks of the price levelled, searches with the default settings missed theta three
// times in 200, by 4 % at most; on 100 to 199 samples in 6 to 13 dimensions one in
// twenty was below the best known value, by 10 % at most. At the end of training, on
// 60 samples in 10 dimensions, most missed, but by less than 1e-6: the neurons are
// peaks of one height up to the accuracy of v.
//
// The result is a lower bound of theta(v). Nothing follows from it alone about
// directions that were not found; Result.Exact marks the cases with a closed
// form.
//
// # Lines and planes
//
// Samples on a common line share one kink of the price, and in a plane the price
// is A.u between neighbouring kinks, with A constant. Sorting the kinks by their
// angle therefore gives theta exactly in O(n log n) where the samples span at most
// a plane; [Local] and [BranchAndBound] do that by themselves.
//
// # Branch and bound
//
// [BranchAndBound] proves an upper bound that meets the value. It keeps regions,
// sets of unit vectors u given by an interval for each coordinate z_k = e_k.u along
// a unit sample e_k, and starts from one that holds all of them. A region is bounded
// by putting a quadratic above each term of the price:
//
//   - a term a (z)_+ with a > 0 is below a (alpha + beta z + kappa z^2), kappa >= 0,
//     for every parabola above the two branches on the interval of z. The chord is
//     the one with kappa = 0; (z+s)^2/(4s) is below it between -s and s;
//   - a term -a (z)_+ is below -a (t z + eta z^2) for all t in [eta |lo|, 1 - eta hi];
//   - once the side of z is known, both are linear, and a multiple of z of the right
//     sign may be added.
//
// The sum is constant + r.u + u'Qu, and with H = lambda I - Q positive definite and
// c = H^-1 r/2 it is on unit vectors
//
//	F(u) <= bound - (u-c)'H(u-c), bound = constant + lambda + r'H^-1 r/4.
//
// This is the Lagrangian (Shor) bound of quadratic programming, and every choice of
// lambda, the parabolas and the multipliers gives a valid one. The best choice is a
// convex problem, which a few sweeps of coordinate descent, Newton steps for lambda
// and updates of the parabolas from the first two moments of z, smoothed as in an
// interior-point method, solve well enough.
//
// The same inequality says where the region is of no interest: F(u) exceeds a value
// L only inside the ellipsoid (u-c)'H(u-c) <= bound - L, so that z_k is within
// ((bound-L) e_k'H^-1 e_k)^(1/2) of e_k.c. Intervals shrink to that, which gives
// better parabolas, a better bound, and a smaller ellipsoid, in turns. For Q = 0 the
// ellipsoid is the cap of the sphere in which r.u is large. An interval that no longer
// contains 0 decides a sample without branching, and near a maximum nearly all are
// decided at once: regions end after few branchings even where the price has many
// maxima just below L.
//
// What is left is cut in two at z_k = 0 for an undecided sample of P, one with a large
// weight whose z_k is likely to be large on either side. Where all samples of P are decided, F is the distance of one a_S
// from Z_N.
//
// Rounding: bounds are evaluated from the numbers at hand, not from the solution they
// stand for, with an allowance derived where they are computed; intervals are
// widened by more than their errors. Upper holds for the data as given.
//
// Nodes are bounded in rounds of a fixed number, best first, so that the result
// does not depend on the number of processors. Their number grows fast with n for
// fixed d, and is larger where the price has many peaks of one height. Medians on two
// cores, to a relative 1e-8 (go run ./bench/pricing -large):
//
//	weights        n   d    nodes   seconds
//	random        30  10        5    0.0013
//	random        60  10       39    0.0042
//	random       200   5     1941    0.099
//	near-optimal  30   5      479    0.0053
//	near-optimal  30  10      297    0.0063
//	near-optimal  60  10    43437    1.4
//
// Near-optimal weights are residuals at the end of training, whose price is beta at
// every neuron. With a Floor of beta the question is whether anything exceeds it, and
// where the floor is clearly above theta a fraction of the nodes do.
//
// # Pricing by cells
//
// On the closure of a full-dimensional cell with pattern D, the cone
// K = {u : s_i x_i.u >= 0}, the price is linear, g.u with g = X'Dv. Its maximum over
// unit vectors in K is the length of the projection of g onto K (Pilanci and Ergen,
// ICML 2020), and theta(v) is the largest of these. [ByCells] takes them all from one
// visit of the arrangement. It serves -v too, whose gradients are -g. As |g| bounds
// the price of a cell, and local search comes first, few cells need a projection:
// for most it is a subtraction of the few rows in which a cell differs from the last
// one, and a comparison. Upper counts what rounding does to g, and by how much the
// arrangement has moved rows.
//
// # Several outputs
//
// A neuron whose outgoing weights are a vector has the price |V'(Xu)_+| for an n x c
// matrix V (Sahiner, Ergen, Pauly and Pilanci, ICLR 2021). In a cell it is |Bu| with
// B = V'DX, which is convex: its maximum may be at a leading singular vector of B, if
// that lies in the cell, or on the boundary. The boundaries of all cells are the
// hyperplanes {x_i.u = 0}, each with an arrangement of its own, so that
// [OutputsByCells] finds theta by recursion over the flats, each visited once.
// [LocalOutputs] alternates between the unit vector w along V'(Xu)_+ and an ascent
// of the scalar price of Vw, whose value at u is the same.
package pricing
