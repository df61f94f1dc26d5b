// Package baseline fits the linear model that a network is compared with.
//
// [Fit] is linear regression with an intercept. Small tables go to ordinary least
// squares, computed by github.com/sajari/regression. That package returns
// arbitrary coefficients for columns that depend linearly on each other, so
// such columns are found and left out first; and it forms an n x n matrix, so
// tables with more than 2,000 rows, like those with no more rows than columns,
// get a ridge regression whose penalty is too small to be felt where the columns
// are independent. [Model.Method] says which of the two it was.
//
// Columns and target are centred and scaled before, so that units do not matter
// and neither do numbers whose squares float64 cannot hold.
package baseline
