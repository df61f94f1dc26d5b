// Package convexnn trains two-layer ReLU networks by convex optimisation and says
// what is known of their optimality.
//
// # The problem
//
// A network f(x) = sum_j alpha_j max(u_j.x, 0) of any width is trained on the
// rows x_i of X and the targets y_i with weight decay:
//
//	minimise    1/2 sum_i (f(x_i) - y_i)^2 + beta sum_j |u_j| |alpha_j|.
//
// At balanced neurons, |u_j| = |alpha_j|, the penalty is
// beta/2 (sum |u_j|^2 + alpha_j^2), the usual weight decay; scaling a neuron up
// and its output down changes neither function nor penalty, so the two problems
// have the same optimum. The loss is a sum over samples, not a mean.
//
// # The convex program
//
// The problem is not convex in the weights, yet it hides a convex program
// (Pilanci and Ergen, 2020). A neuron switches samples on and off: its
// activation pattern D = diag(1[Xu >= 0]) is one of finitely many. Within the
// cone of weights with one pattern the network is linear in u, so that with one
// block of weights v_p, w_p for each pattern (one for each output sign) training
// is
//
//	minimise    1/2 |sum_p D_p X (v_p - w_p) - y|^2 + beta sum_p (|v_p| + |w_p|)
//	subject to  (2 D_p - I) X v_p >= 0,  (2 D_p - I) X w_p >= 0.
//
// A [Program] is this program on given patterns. Its optimum over all patterns
// is the optimum of the network; over a sample of them it is an upper bound,
// since every solution is a network ([Program.Network]). [Program.Solve] finds
// the optimum of the program and proves it by a bound from the dual
// ([Program.DualBound]).
//
// # All networks
//
// The dual of training over networks of every width has one constraint for each
// direction a neuron may take,
//
//	maximise    1/2 |y|^2 - 1/2 |v - y|^2
//	subject to  theta(v) <= beta,  theta(-v) <= beta,
//	theta(v) = max {v'(Xu)_+ : |u| <= 1}.
//
// Any vector v, scaled until its [Price] is at most beta, proves a lower bound on
// the objective of all two-layer ReLU networks ([NewCertificate]), and the residual
// of a good network proves a good one. The price decides what may be said: found
// over all cells or by a closed branch and bound, the certificate is exact; from a
// proved upper bound, bounded; from local search, an estimate that can be wrong
// ([FindPrice]).
//
// # Training
//
// [Train] does the whole and returns a [Network] with as few neurons as the solution
// allows ([Network.Simplify]) and a [Certificate]. With the mode [Global] it generates
// neurons: a group lasso over the directions at hand gives a network, the price of its
// residual gives a bound on all networks, and the directions in which the residual
// violates the dual constraint join, until bound and objective meet. [Enumerate] does
// the same and has the last word spoken by all cells. [Sampled] solves the program on
// sampled patterns; its certificate is a statement about this program, not about all
// networks.
//
// Where prices can be computed exactly, what Global says is proved. On hundreds of
// samples in tens of dimensions they cannot, and the bracket is an estimate
// ([Result.Estimate]): it comes from local search, is audited by a much harder one
// before it is reported, and may still be wrong. What is proved is stated beside it.
//
// [Certify] brackets a network that comes from elsewhere in the same way, and
// [Verify] checks a dual vector that somebody else found.
//
// # Margins
//
// [Options.Loss] replaces the squared loss by the hinge loss of support vector machines, or
// by the hard margin: the network of least sum |u_j||alpha_j| with y_i f(x_i) >= 1 for
// labels y_i = +-1. Both have duals with the same constraint on the prices, and
// certificates of the same kinds ([Loss.Certificate]). [Separable] says whether there is a
// network for the hard margin.
//
// # Several outputs
//
// Package outputs trains networks whose neurons are shared by several targets or classes.
//
// # The gated network
//
// With [Gated] the activation patterns stay those of fixed gates whatever the
// weights: f(x) = sum_j alpha_j 1[g_j.x >= 0] u_j.x. The program then has no
// cone constraints; it is a group lasso. It is another model with another
// optimum, usually far below that of ReLU.
package convexnn
