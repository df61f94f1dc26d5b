// Package datasets turns tables into the matrices that the solvers train on.
//
// # Reading
//
// [Open] and [Read] parse delimited text into a [Table] of typed columns. The
// delimiter, the presence of a header, gzip compression and a byte order mark
// are detected; [ReadOptions] overrides each of them. A column is [Numeric]
// when its first 1,000 values that are not missing are all decimal numbers and
// [Categorical] otherwise. Everything that could be misread without a sign is
// an error instead: text in a numeric column, a number that is not finite, a
// row of another length, a first line that may or may not be a header. Each
// error says where it was found and which flag mends it, and matches one of the
// Err variables under [errors.Is].
//
// # Missing values
//
// An empty field and the words NA, N/A, NaN, null and None, and the signs "?",
// "-" and ".", are missing values, whatever their case. [MissingPolicy] says
// what becomes of them: an error (the default), a dropped row, or a value filled
// in from the training rows.
//
// # Preprocessing
//
// A [Preprocessor] is what a model has to remember of its training table: which
// columns it reads and with which types, how categories become indicator
// columns, the means and standard deviations taken from the training rows, and
// how the target maps to numbers. [Fit] learns it, [Preprocessor.Transform]
// gives the n×d matrix of a table and [Preprocessor.Target] the n targets. It
// is stored inside a model file through its JSON methods, and what it loads is
// checked in full.
//
// The usual order of a training run is
//
//	t, err := datasets.Open("train.csv", datasets.ReadOptions{})
//	strata, err := t.Strata("price", datasets.TaskAuto)
//	train, test, err := datasets.Split(strata, t.Rows(), 0.2, seed)
//	pre, notices, err := datasets.Fit(t, train, datasets.FitOptions{
//		Target: "price", Standardize: true, Bias: true,
//	})
//	x, err := pre.Transform(t) // every row; pick rows by train and test
//	y, err := pre.Target(t)
//
// and that of a prediction, with a Preprocessor that came out of a model file,
//
//	t, err := datasets.Open("new.csv", pre.ReadOptions(datasets.ReadOptions{}, false))
//	x, err := pre.Transform(t)
//
// # Built-in sets
//
// [Load] gives small well-known tables, held in the package, and generated
// problems; [Builtins] lists them.
package datasets
