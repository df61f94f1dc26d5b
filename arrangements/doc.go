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
// An [Arrangement] lists all of them, if they are not too many: see below.
// [CellAt] returns a cell that touches a given gate.
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
//
// # Listing them all
//
// An [Arrangement] lists every full-dimensional cell exactly once, whatever the
// rank of X and however many rows are zero, parallel or dependent.
// [Arrangement.Visit] gives patterns, [Arrangement.Cells] also witnesses,
// [Arrangement.Count] only their number. No linear program is solved, and the
// cells are not held.
//
// A generic hyperplane {c.u = 0} meets some of the cells. These are the cells of an
// arrangement in one dimension less, which is listed first and is held. A cell that
// is not met has c > 0 throughout, or its opposite has. It cuts the slice {c.u = 1}
// in a bounded polytope, and is found at the vertex of this where a second generic
// functional g is lowest. So each vertex of the slice, which is a ray u where
// hyperplanes of rank r-1 meet, is visited once. There the signs of the rows with
// x_i.u != 0 are known. The rows on u have a local arrangement, and what counts
// are its cells that lie in {g > 0}. On r-1 rows in general position there is one:
// in g = sum_i lambda_i x_i + mu c, row i has the sign of lambda_i, a ratio of
// determinants from a table. For more rows the local cells are listed by the same
// method, in one dimension less. At each vertex the cells that were met by
// {c.u = 0} are left out. In general position C(m-1, r-1) of m lines' vertices
// remain, and 2 sum_{k<r} C(m-1, k) cells in all.
//
// The rays are visited by Gaussian elimination along independent rows i_1 < i_2 <
// ..., of which the lexicographically least basis of each flat is kept. With two
// dimensions left the rows are vectors in a plane. Sorted by their angle, they
// change signs one group of parallel rows at a time, so that a ray costs a few
// words of bits.
//
// # Exactness
//
// Numbers of type float64 are integers times powers of two, so that every decision
// has an answer. Rows carry bounds on their rounding errors through the
// elimination. What these leave open is decided in integers: whether rows are
// dependent, by their rank modulo primes whose product exceeds all minors; other
// signs by fraction-free elimination (Bareiss, Mathematics of Computation 22,
// 1968), which also recomputes rows that have lost their leading digits. The cells
// are therefore those of the data as they are stored, down to those that are
// thinner than rounding. For these Margin is 0. Decimals such as 0.1 are not what
// they look like: points that are in line on paper are often not in line in
// binary, and thin cells between them are listed. Data scaled to integers have
// none of these.
//
// One thing is not decided by the data as they are. Where the numerical [Rank] is
// less than the exact one, as for standardised columns that are dependent up to
// rounding, the cells are exactly those of a matrix nearby, and
// [Arrangement.Shift] bounds the distance to it.
//
// The number of cells grows like n^(r-1): 200 rows of rank 3 have 39,802, 60 of
// rank 5 have 978,812, and take a tenth of a second and a second on two cores.
// [Arrangement.Cost] and [Arrangement.Memory] tell before.
package arrangements
