// Package generation trains two-layer ReLU networks of any width by fully corrective
// generation of neurons:
//
//	minimise  L(F) + beta sum_j |u_j| |g_j|,   F = sum_j (X u_j)_+ g_j' (+ 1 b')
//
// over the number of neurons, their weights u_j in R^d and gains g_j in R^c, and an
// unpenalised intercept b if there is one. L is any smooth convex loss of the
// predictions F (n x c), or the hinge loss of one output. Written as a sum over all
// directions u, the problem is convex (Bach, Breaking the curse of dimensionality with
// convex neural networks, 2017), with the dual constraint
//
//	|V'(Xu)_+| <= beta  for all |u| <= 1,   V = minus the gradient of L at F.
//
// # One round
//
//   - The restricted master, a group lasso over the directions at hand ([lasso.Master]),
//     or a 1-norm support vector machine ([svm.Master]), gives gains, a network and its
//     dual point V.
//   - The [Oracle] prices a dual point: it searches for directions that violate the
//     constraint, and knows what lower bound follows.
//   - Directions that violate it become neurons of the next master, many at once, and
//     those that have been idle for long are dropped.
//
// # Positions move
//
// A neuron's direction is not changed in place. The oracle ascends the price from
// every active direction, within its cell and across faces, kinks included, and what
// it reaches enters beside it; the master moves the weight over. Near the optimum each
// round cuts the gap by a constant factor.
//
// # A steady dual
//
// The master's dual points jump about as long as directions are missing. The oracle is
// therefore asked at a point between the newest one and the one with the best bound,
// as in in-out separation (Ben-Ameur and Neto, 2007): that gives better bounds, and
// directions that are violated for good. Only where that yields no direction is the
// newest point priced itself.
//
// # Effort
//
// Prices are searched with the least effort at first ([Quick]). Once the gap is small,
// or nothing is found, the effort rises: [Careful], then [Final], the one whose word
// counts. What it finds goes into the master as well, and only a gap that it confirms
// ends the run.
package generation
