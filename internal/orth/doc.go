// Package orth keeps an orthonormal basis of a list of vectors that grows and
// shrinks.
//
// # The factorisation
//
// Let the k vectors of the list, of length d, be the rows of F. A [Basis] holds
// F' = Q'R: the k rows of Q are orthonormal, R is upper triangular with a
// positive diagonal, and column j of R holds the coordinates of vector j in the
// rows of Q. Row i of Q is the part of vector i that is new, outside the span of
// the vectors before it, scaled to unit length; R_ii is how much of it there is.
// A vector with a new part shorter than a threshold is dependent and never
// enters, so that R is safe to divide by.
//
// With the factors at hand, the combination of the list nearest to v has the
// coefficients R^-1 Q v ([Basis.Fit]), and v - Q'Q v is what no combination
// reaches ([Basis.Complement]).
//
// # Updates
//
// A vector enters at the end by Gram-Schmidt ([Basis.Push]), which subtracts its
// part along each row of Q. One pass leaves an error of the order of the
// roundoff of the vector, which is large next to a new part that is small; a
// second pass over what is left removes it.
//
// A vector leaves by rotations ([Basis.Remove]). Without its column, R has one
// entry below the diagonal in each column from there on:
//
//	x x x x x        x x x x        x x x x
//	  x x x x          x x x          x x x
//	    x x x   -->      x x   -->      x x
//	      x x            x x              x
//	        x              x              0
//
// Rotating rows i and i+1 of R by the angle that makes the entry (i+1, i) vanish,
// and the rows of Q along with them, leaves F unchanged. The last row of Q ends
// up outside the span of what remains, and is dropped. Rotations preserve lengths
// and right angles, so that Q stays orthonormal however many there are.
//
// A vector in the span of the list can take the place of another one
// ([Basis.Replace]): its coordinates are one more column of R, and the same
// rotations make R triangular again. No row of Q enters or leaves.
//
// Push costs 8kd flops, Fit 2kd + k^2, Remove and Replace of vector j
// (k-j)(6d + 3(k-j)) and 2kd more for Replace. See Golub and Van Loan, Matrix
// Computations, section 6.5.
package orth
