package datasets

import (
	"slices"
)

// A Preprocessor turns tables into matrices in the way it learned from one
// training table. It is made by [Fit] or by decoding JSON, does not change, and
// may be used by several goroutines at a time.
//
// The matrix has a column for each numeric feature. A categorical feature has an
// indicator column (1 in the rows of that category, 0 elsewhere) for each
// category in sorted order, except that of two categories only the second has
// one: the other would be its mirror image. A bias column of ones comes last.
// Columns that are constant on the training rows carry nothing to learn from and
// are left out.
type Preprocessor struct {
	task        Task
	standardize bool
	bias        bool
	impute      bool
	features    []feature
	target      target   // the first of several
	several     *Targets // numeric targets, if there are several
}

// A feature is an input column that the model reads.
type feature struct {
	name    string
	kind    Kind
	fill    float64  // numeric: stands in for a missing value
	levels  []string // categorical: known categories, sorted
	missing int      // categorical: index of the level that stands in
	outputs []output
}

// An output is a column of the matrix.
type output struct {
	level int // index into the levels of the feature; 0 for a numeric one
	scaling
}

// A target is the column to predict.
type target struct {
	name     string
	kind     Kind
	scaling         // regression
	negative string // classification
	positive string
	rest     bool // every label but positive is negative

	labels []string // of a classification of more than two classes, which has no others
}

// BiasName is the name of the bias column among the feature names.
const BiasName = "(bias)"

// Task returns [TaskRegression] or [TaskClassification].
func (p *Preprocessor) Task() Task { return p.task }

// Standardized reports whether features, and the target of a regression, are
// scaled to mean 0 and variance 1 on the training rows.
func (p *Preprocessor) Standardized() bool { return p.standardize }

// Bias reports whether the last column of the matrix is a column of ones.
func (p *Preprocessor) Bias() bool { return p.bias }

// Imputes reports whether missing feature values are filled in.
func (p *Preprocessor) Imputes() bool { return p.impute }

// Cols returns the number of columns of the matrix, the bias included.
func (p *Preprocessor) Cols() int {
	d := 0
	for i := range p.features {
		d += len(p.features[i].outputs)
	}
	if p.bias {
		d++
	}
	return d
}

// FeatureNames returns the names of the columns of the matrix: that of the input
// column, "column=category" for an indicator, and [BiasName].
func (p *Preprocessor) FeatureNames() []string {
	names := make([]string, 0, p.Cols())
	for i := range p.features {
		f := &p.features[i]
		for _, o := range f.outputs {
			if f.kind == Categorical {
				names = append(names, f.name+"="+f.levels[o.level])
			} else {
				names = append(names, f.name)
			}
		}
	}
	if p.bias {
		names = append(names, BiasName)
	}
	return names
}

// Inputs returns the columns that [Preprocessor.Transform] reads, in the order of
// the training table.
func (p *Preprocessor) Inputs() []Field {
	fields := make([]Field, len(p.features))
	for i := range p.features {
		fields[i] = Field{Name: p.features[i].name, Kind: p.features[i].kind}
	}
	return fields
}

// TargetName returns the name of the target column.
func (p *Preprocessor) TargetName() string { return p.target.name }

// TargetMean returns the mean that [Preprocessor.Target] subtracts, in the units
// of the target; 0 for a classification or when nothing is standardised.
func (p *Preprocessor) TargetMean() float64 { return p.target.center() }

// TargetScale returns the positive number that [Preprocessor.Target] divides by,
// in the units of the target; 1 for a classification or when nothing is
// standardised. It can be inexact for targets below 1e-290.
func (p *Preprocessor) TargetScale() float64 { return p.target.spread() }

// Labels returns the labels behind the targets -1 and +1 of a classification, and
// empty strings for a regression. When one class stands against several others,
// negative reads "not LABEL".
func (p *Preprocessor) Labels() (negative, positive string) {
	return p.target.negative, p.target.positive
}

// Label returns the label that a score of the model stands for: the positive one
// above 0, the negative one otherwise.
func (p *Preprocessor) Label(score float64) string {
	if score > 0 {
		return p.target.positive
	}
	return p.target.negative
}

// Unscale returns the scores f of the model in the units of the target, in a new
// slice. Finite scores give finite results: they stop at the largest float64. The
// scores of a classification are copied as they are.
func (p *Preprocessor) Unscale(f []float64) []float64 {
	out := slices.Clone(f)
	if p.task == TaskRegression {
		for i, z := range out {
			out[i] = p.target.invert(z)
		}
	}
	return out
}

// FeatureValue returns what the number z in column j of the matrix stands for, in the
// units of the table: the value of a numeric column, or how much of an indicator. j
// counts from 0 and must be below [Preprocessor.Cols]; the bias column stands for itself.
func (p *Preprocessor) FeatureValue(j int, z float64) float64 {
	for k := range p.features {
		f := &p.features[k]
		if j < len(f.outputs) {
			return f.outputs[j].invert(z)
		}
		j -= len(f.outputs)
	}
	return z
}

// ReadOptions returns base with the schema of the model, so that a table is read
// with the types of training whatever its values look like, and columns that the
// model does not use cannot fail. The target column is read, where it is there,
// when withTarget is set. A model that fills in missing values asks for
// [MissingMean] in the place of [MissingError].
func (p *Preprocessor) ReadOptions(base ReadOptions, withTarget bool) ReadOptions {
	base.Categorical, base.Numeric, base.Skip = nil, nil, nil
	base.Schema, base.Target = p.Inputs(), ""
	if withTarget {
		base.Target = p.target.name
		for _, name := range p.TargetNames() {
			base.Schema = append(base.Schema, Field{Name: name, Kind: p.target.kind})
		}
	}
	if p.impute && base.Missing == MissingError {
		base.Missing = MissingMean
	}
	return base
}
