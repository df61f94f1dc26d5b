// Package arrangements finds the activation patterns of a ReLU neuron on given
// samples.
//
// The rows x_i of an n x d matrix X are the samples. A neuron with weights u is
// active on sample i when x_i.u >= 0, and its activation [Pattern] lists the
// samples on which it is. The hyperplanes {u : x_i.u = 0} cut R^d into finitely
// many full-dimensional cones, and all neurons inside one of them share their
// pattern: a [Cell] is such a pattern with a witness, a gate g inside the cone.
// On the closure of a cell the map u -> (Xu)_+ is linear, which is what turns
// the training of a two-layer network into a convex program (Pilanci and Ergen,
// ICML 2020).
//
// # Which patterns are needed
//
// Only those of full-dimensional cells: the closures of these cells cover R^d,
// and on a shared face the patterns of both sides give the same (Xu)_+. So a
// gate that happens to lie on a hyperplane is moved off it before its pattern is
// read. The pattern with no active sample is dropped, since its neurons output
// zero. Rows of zeros are always active and never matter.
//
// # Finding them
//
// [Sample] draws gates at random: Gaussian ones, whose hyperplane has a uniform
// direction, or ones that bisect a random pair of samples, which look where the
// data are. [FromGates] takes gates that are given. Both return distinct cells
// in the order of first appearance. Results depend on the seed and the data
// alone, never on the number of processors.
//
// # Counting them
//
// [MaxCells] is the number of cells of hyperplanes in general position, an upper
// bound in general. It is polynomial in n for fixed rank, as hyperplanes through
// the origin satisfy
//
//	cells <= 2 sum_{k=0}^{r-1} C(n-1, k),
//
// with r the [Rank] of X and n the number of distinct [Lines] spanned by its
// rows (Cover, IEEE Trans. Electronic Computers 14, 1965). [CellBound] combines
// the three.
package arrangements
