// Package arora finds the best two-layer ReLU network of a given number of neurons, and
// proves that it is.
//
// # The problem
//
// Over networks f(x) = sum_j alpha_j max(u_j.x, 0) of at most m neurons, minimise
//
//	1/2 sum_i (f(x_i) - y_i)^2 + beta sum_j |u_j| |alpha_j|,   beta >= 0.
//
// For few neurons this is not convex, and gradient descent stops wherever it gets stuck.
// Arora, Basu, Mianjy and Mukherjee (Understanding deep neural networks with rectified
// linear units, ICLR 2018, theorem 4.1) observed that it is a finite search all the
// same: choose for each neuron the sign of its output and its activation pattern on the
// samples. What remains is convex, with one cone constraint for each neuron,
//
//	minimise    1/2 |sum_j s_j D_j X u_j - y|^2 + beta sum_j |u_j|
//	subject to  (2 D_j - I) X u_j >= 0.
//
// A choice is a tuple of signed cells (D_j, s_j). Their number is polynomial in the
// samples for fixed dimension and width, and large: [Cost] counts it, and [Train] refuses
// what is hopeless before it begins.
//
// # What needs no search
//
// Full-dimensional cells are enough, since their closures cover the space, and those
// without an active sample are useless. Neurons have no order. Two of the same signed
// cell are one: their sum is in the cell, and no longer than both together. So tuples
// are sets of distinct signed cells. With as many neurons as samples the width is no
// restriction, as the fits of the neurons of a best network can be made linearly
// independent (Mishkin and Pilanci, 2023): one convex program over all cells does. It is
// solved first in any case, and bounds all widths.
//
// # The list
//
// Without signs and cone constraints a tuple is a least squares problem. Its value is a
// lower bound, the same for all signs. [List] sorts the sets of cells by this bound and
// solves the programs of all signs, until the bound of the next set is no better than
// the best network so far.
//
// # The branch and bound
//
// [Branch] rests on one more observation: a dual vector speaks of many tuples. By weak
// duality, for any v in R^n and any tuple whose signed cells have prices
//
//	max { s v'(Xu)_+ : |u| <= 1, u in the cell } <= beta
//
// at v, the value of the program is at least y'v - |v|^2/2. With v the residual of one
// program this is the value of that program; but a pattern of prices that low is common,
// and typically half of all signed cells have it. So v proves the bound of every tuple
// within that half: it is a cut. The residual of a plain least squares fit is a dual
// vector too, at which the fitted cells have price zero with either sign. It costs
// hardly anything, and most tuples are cut off by such a vector and not by a program.
//
// The search builds tuples cell by cell. Where a cut admits all cells of a partial tuple,
// every better extension has a cell outside of the cut, so that only those need to be
// branched on; a tuple that no cut admits yields a new one. The number of programs that
// are solved is the number of cuts that cover all tuples, and no longer that of the
// tuples: on 8 samples in two dimensions the list solves about 70 times as many programs
// for three neurons, and 20 samples in three dimensions, with 7e7 tuples, take a few
// hundred.
//
// Bounds of half the best objective, nine tenths and 99 hundredths are proved on the
// way, in sweeps of their own. They cost little, and an interrupted search returns the
// last.
//
// # The programs
//
// Without regularisation a cone is replaced by its extreme rays r, which makes the
// program a non-negative least squares problem on the features s (Xr)_+. Features of the
// data are first made orthonormal, so that their units and offsets do not matter. With
// regularisation it goes to the interior point method of internal/ipm, and prices are
// norms of projections onto cones.
//
// # What the proof is worth
//
// The cells are exact for the data as float64 numbers. Programs and prices are computed
// in float64: constraints count as satisfied up to 1e-9 of the lengths of their factors,
// without directed rounding. So without regularisation samples in directions that
// differ by less count as parallel, and the bound does not hold of networks that tell
// them apart by weights beyond some 1e6 times those that the fit takes otherwise. An
// objective of less than 1e-13 of that of the network without neurons counts as zero.
package arora
