// Package flow follows gradient flow of two-layer ReLU networks on separable data and
// holds it against a convex program.
//
// # The question
//
// A network f(x) = sum_j alpha_j max(u_j.x, 0) is trained by gradient flow on all its
// weights w, w' = -grad L(w), from small ones, without regularisation, on the loss
//
//	L = sum_i l(y_i f(x_i)),   l(q) = exp(-q) or log(1 + exp(-q)),
//
// for labels y_i of +1 and -1. Once the samples are separated the loss goes to zero and
// the weights to infinity. Where does their direction go? Beside it stands the max-margin
// program over networks of every width,
//
//	minimise    sum_j |u_j| |alpha_j|   subject to  y_i f(x_i) >= 1,
//
// which is convex in disguise, and whose dual is
//
//	maximise    sum_i lambda_i   subject to  lambda >= 0,  theta(nu) <= 1,  theta(-nu) <= 1,
//	nu = y o lambda,   theta(v) = max {v'(Xu)_+ : |u| <= 1}.
//
// [Run] follows the flow, says at each checkpoint what the network bounds the optimum by
// from above, and what its dual vector proves from below.
//
// # What is certain
//
//   - A neuron keeps |u_j|^2 - alpha_j^2. Here it starts balanced, |u_j| = |alpha_j|, stays
//     so, and the sign of its output never changes.
//   - Once the loss is below l(0), so that all margins are positive, they stay so, |w|
//     grows beyond all bounds, and w/|w| tends to the direction of a KKT point of
//     min 1/2 |w|^2 subject to y_i f(x_i) >= 1 (Lyu and Li, 2020; Ji and Telgarsky,
//     2020). There are multipliers lambda >= 0, zero where a margin is not the smallest,
//     with u_j = alpha_j X'D_j nu for nu = y o lambda, where D_j is the activation pattern
//     of neuron j, and any (D_j)_ii in [0,1] will do where x_i.u_j = 0. So neurons with
//     weight have the directions +-X'D_j nu, of length one: extreme points of the dual set,
//     pattern by pattern (Wang and Pilanci, 2022). Alignment and Length of a [Neuron] say
//     how near they are.
//   - If the multipliers of a KKT point are feasible for the dual, theta(nu) <= 1 and
//     theta(-nu) <= 1, then the network is globally optimal: sum lambda_i =
//     sum lambda_i y_i f(x_i) = sum alpha_j^2, so that primal and dual values are equal.
//     The condition is sufficient. Other multipliers of the same network may meet it where
//     one does not.
//   - It is met where the data are orthogonally separable: x_i.x_j > 0 within a class and
//     x_i.x_j <= 0 between the classes. There the flow, started small enough with a neuron
//     of either sign that is not dead, finds the largest margin: |h_+| + |h_-| with
//     the hard-margin vectors h of the classes (Wang and Pilanci, 2022; Min, Mallada and
//     Vidal, 2024, for the early phase, in which neurons turn to the mean of their class
//     before they have any size).
//
// # What is not
//
// On other data the flow may tend to a KKT point that is above the optimum, and it may
// never separate the samples: a neuron that is active on no sample is dead, one that is
// active on the wrong ones only dies, and signs do not change. So nothing is claimed
// without a proof. [Result.GloballyOptimal] says that the bound of a dual vector of the flow
// whose price is proved (by sorting, by cells, by branch and bound) meets the network
// within a tolerance. Where it is false, the network may be optimal or not; the solution
// of the program, [Result.Program], tells how far off it is.
//
// The limit is never reached. At smallest margin M the loss no longer sees differences of
// a few units, so that the upper bound is some log(n)/M above that of the direction it tends
// to. Directions themselves settle slowly, like 1/log t in the time of gradient flow;
// on data without structure what looks like a plateau may be falling still.
//
// # The equations
//
// Nothing above depends on the speed of the flow, so time runs such that the shares
//
//	l_i = -l'(q_i)/W,   W = -sum_k l'(q_k),   q_i = y_i f(x_i),
//
// add up to one. In polar coordinates, u_j = exp(b_j) e_j and alpha_j = s_j exp(b_j) with
// |e_j| = 1, the flow is
//
//	e_j' = s_j (I - e_j e_j') a_j,   b_j' = s_j a_j.e_j,   a_j = X'D_j (y o l),
//
// where no number is large or small: shares are computed from differences of margins, and
// balance and signs are kept by construction. (In the other usual form, with w = rho v
// and |v| = 1, it is v' = G - (G.v) v and (log rho)' = G.v, with G = sum l_i y_i grad f_i(v).)
//
// The field jumps where a neuron comes to a hyperplane x_i.u = 0. Where it points away from
// the hyperplane on the far side, the neuron crosses; where it points back from both
// sides, it slides along, held by the share (D_j)_ii in [0,1] of the sample's force that
// keeps it there: the shortest element of Clarke's subdifferential, as it is for
// steepest descent. Many neurons end so, at the kinks of the dual constraint, and an
// integrator that does not know it takes thousands of tiny steps back and forth.
// Patterns and slides are therefore fixed during a step, which ends at the first crossing
// that matters.
//
// In between the field is smooth, and the stiffer the larger the weights: it contracts
// at rates of the order of |w|^2, because shares are a softmax of margins at that
// temperature. The rates are real, as those of every gradient flow. The formula of
// Runge, Kutta and Chebyshev (Sommeijer, Shampine and Verwer, 1998) is made for such:
// s stages are stable for a step of 0.65 s^2 over the rate. Its error estimate chooses
// the steps.
//
// # Dual vectors
//
// For any lambda >= 0, sum lambda_i / max(theta(nu), theta(-nu)) is a lower bound of the
// program. Candidates are the shares l as they are and averaged over the past, with weights
// that grow with powers of |w|, and the non-negative least squares solution of the KKT
// conditions, which is usually the best once the samples are separated. The average with weight |w| is what
// the weights remember: w is the integral of |w| G. A bound counts as proved when the price
// was; prices of local search make estimates, which are kept apart and can be wrong.
//
// # Sources
//
//   - Y. Wang, M. Pilanci. The convex geometry of backpropagation: neural network gradient
//     flows converge to extreme points of the dual convex program. ICLR 2022.
//   - K. Lyu, J. Li. Gradient descent maximizes the margin of homogeneous neural networks.
//     ICLR 2020.
//   - Z. Ji, M. Telgarsky. Directional convergence and alignment in deep learning. NeurIPS
//     2020.
//   - H. Min, E. Mallada, R. Vidal. Early neuron alignment in two-layer ReLU networks with
//     small initialization. ICLR 2024.
//   - B. Sommeijer, L. Shampine, J. Verwer. RKC: an explicit solver for parabolic PDEs.
//     Journal of Computational and Applied Mathematics 88, 1998.
//   - A. Filippov. Differential equations with discontinuous righthand sides. Kluwer, 1988.
package flow
