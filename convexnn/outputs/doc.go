// Package outputs trains two-layer ReLU networks with several outputs over all widths,
// and says what is proved of them: several regression targets, or several classes.
//
// # The problem
//
// The c outputs share their neurons, each with weights u_j in R^d and gains g_j in R^c:
//
//	minimise    1/2 |F - Y|^2 + beta sum_j |u_j| |g_j|,   F = sum_j (X u_j)_+ g_j' (+ 1 b')
//
// over the number of neurons, their weights and gains, and an unpenalised intercept
// b in R^c if there is one. X is n x d, Y and F are n x c. At balanced neurons,
// |u_j| = |g_j|, the penalty is beta/2 times the sum of all squared weights: weight decay
// of one network. One network for each output would be another problem, whose penalty
// sums |g_jl| where this one has |g_j|. With c = 1 it is the problem of package convexnn.
//
// # What proves a bound
//
// The dual (Sahiner, Ergen, Pauly and Pilanci, Vector-output ReLU neural network problems
// are copositive programs, ICLR 2021) is
//
//	maximise    1/2 |Y|^2 - 1/2 |V - Y|^2
//	subject to  theta(V) <= beta,   theta(V) = max {|V'(Xu)_+| : |u| <= 1},
//
// so that any n x c matrix V, scaled until theta(V) is at most beta, proves a lower bound
// on the objective of every network. Where the cells of the arrangement are few, theta is
// computed exactly ([pricing.OutputsByCells]); elsewhere local search gives an estimate
// ([pricing.LocalOutputs]), which is audited before it is reported. Beside it stands what is
// proved: for two or three outputs by branch and bound for combinations of them, to some 10 %
// where the samples are a hundred or so in a few dimensions, else by norms of V and X, weak
// as that is.
//
// # Training
//
// [Train] generates neurons (package generation): a group lasso over the directions at
// hand gives a network, the price of its residual a bound, and directions that violate
// the dual constraint join. Where that stalls, first-order steps on all weights together
// bring the network down, and generation goes on from there. In the end
// [Network.Simplify] leaves at most n c neurons (Mishkin and Pilanci, 2023).
package outputs
