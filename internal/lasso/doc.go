// Package lasso solves the restricted master problem of training by generation of
// neurons, a group lasso:
//
//	minimise  L(F) + beta sum_k |g_k|,   F = sum_k a_k g_k'
//
// over gains g_k in R^c, one group for each column a_k in R^n: the feature (X u_k)_+ of
// a neuron with a fixed direction. L is any smooth convex loss of the predictions F
// (n x c) that is a sum over samples ([Loss]). Columns without penalty, such as that of
// an intercept, may be among them.
//
// A [Master] is made to be solved again and again, while columns come and go: it keeps
// gains, and the inner products of columns in use. Columns are strongly correlated, and
// many are equal up to rounding.
//
// # Method
//
// A round replaces the loss by its second-order model at the current predictions, which
// is the loss itself if that is squared; for one output it is solved by an active set of
// columns with a factor that is updated, as in feature-sign search (Lee, Battle, Raina
// and Ng, NIPS 2007), and for several by block coordinate descent on the columns in use
// and Newton steps, where the penalty is smooth as long as no group is zero. A step that
// would raise the objective is shortened. Rounds end when the optimality conditions,
// |a_k'V| <= beta for all columns and a_k'V = beta g_k/|g_k| for those in use, V minus
// the gradient of L, hold up to the tolerance.
package lasso
