// Package baseline is what people would use instead: networks of a chosen width trained
// by stochastic gradients, and linear models.
//
// # Networks
//
// [Train] trains a two-layer ReLU network as it is usually done: from random weights (He
// et al., 2015), by [SGD], [Momentum], [Nesterov] or [Adam], on mini-batches or all
// samples, with a constant or a [Cosine] rate. Every step is that of PyTorch, to rounding.
//
// The comparison with package convexnn is fair because both go down the same function.
// There it is
//
//	1/2 sum_i (f(x_i) - y_i)^2 + beta sum_j |u_j||alpha_j|,
//
// and here 1/n of it with beta/2 (|u_j|^2 + alpha_j^2) in the place of beta |u_j||alpha_j|,
// from which weight decay pulls neurons to balance, |u_j| = |alpha_j|, where both are
// equal. [Result.Objective] is in the first form, and the weight decay is in the gradient,
// not decoupled from it as in AdamW. Gradients come from package internal/descent, by which
// global training takes its first steps, so that no side has the faster products.
//
// Nothing here knows how far from the best it is; a [Result.Network] can be given to
// convexnn.Certify, which does.
//
// # Linear models
//
// [Fit] is linear regression with an intercept. Small tables go to ordinary least
// squares, computed by github.com/sajari/regression. That package returns
// arbitrary coefficients for columns that depend linearly on each other, so
// such columns are found and left out first; and it forms an n x n matrix, so
// tables with more than 2,000 rows, like those with no more rows than columns,
// get a ridge regression whose penalty is too small to be felt where the columns
// are independent. [Model.Method] says which of the two it was.
//
// [FitRidge] is ridge regression with a penalty that is felt, given or chosen by leaving
// out each sample once.
//
// Columns and target are centred and scaled before, so that units do not matter
// and neither do numbers whose squares float64 cannot hold.
//
// # Sources
//
//   - H. Robbins, S. Monro. A stochastic approximation method. Annals of Mathematical
//     Statistics, 1951.
//   - B. Polyak. Some methods of speeding up the convergence of iteration methods. USSR
//     Computational Mathematics and Mathematical Physics, 1964.
//   - Y. Nesterov. A method of solving a convex programming problem with convergence rate
//     O(1/k^2). Soviet Mathematics Doklady, 1983.
//   - I. Sutskever, J. Martens, G. Dahl, G. Hinton. On the importance of initialization and
//     momentum in deep learning. ICML 2013.
//   - D. Kingma, J. Ba. Adam: a method for stochastic optimization. ICLR 2015.
//   - K. He, X. Zhang, S. Ren, J. Sun. Delving deep into rectifiers. ICCV 2015.
//   - I. Loshchilov, F. Hutter. SGDR: stochastic gradient descent with warm restarts. ICLR
//     2017.
//   - A. Hoerl, R. Kennard. Ridge regression: biased estimation for nonorthogonal problems.
//     Technometrics, 1970.
//   - D. Allen. The relationship between variable selection and data augmentation and a
//     method for prediction. Technometrics, 1974.
package baseline
