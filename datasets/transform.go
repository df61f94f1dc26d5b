package datasets

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Transform returns the n×d matrix of the n rows of t, with the columns that
// [Preprocessor.FeatureNames] lists. Input columns are found by name; their order
// and further columns do not matter. Every element is finite.
//
// The error wraps [ErrColumn] when t lacks a feature, [ErrKind] when it has
// another type, [ErrMissing] when it has no value in some row and the model does
// not fill in, [ErrCategory] for a category that the model does not know, and
// [ErrNotFinite] for a number too far from the training rows to be scaled.
func (p *Preprocessor) Transform(t *Table) (*mat.Dense, error) {
	d := p.Cols()
	if d == 0 {
		return nil, fmt.Errorf("%w: it has no columns", ErrPreprocessor)
	}
	if t.rows == 0 {
		return nil, fmt.Errorf("%w: %s has no rows", ErrEmpty, t.Name)
	}
	columns := make([]*Column, len(p.features))
	for k := range p.features {
		f := &p.features[k]
		c := t.named(f.name)
		if c == nil {
			return nil, fmt.Errorf("%w; the model was trained with it", t.unknown(f.name))
		}
		if c.Kind != f.kind {
			return nil, wrongKind(t, c)
		}
		columns[k] = c
	}
	data := make([]float64, t.rows*d)
	at := 0
	for k := range p.features {
		f := &p.features[k]
		var err error
		if f.kind == Numeric {
			err = p.encodeNumbers(t, columns[k], f, data[at:], d)
		} else {
			err = p.encodeCategories(t, columns[k], f, data[at:], d)
		}
		if err != nil {
			return nil, err
		}
		at += len(f.outputs)
	}
	if p.bias {
		for i := at; i < len(data); i += d {
			data[i] = 1
		}
	}
	return mat.NewDense(t.rows, d, data), nil
}

// named returns the column of exactly that name, or nil.
func (t *Table) named(name string) *Column {
	for i := range t.columns {
		if t.columns[i].Name == name {
			return &t.columns[i]
		}
	}
	return nil
}

// encodeNumbers writes one value per row to dst, stride elements apart.
func (p *Preprocessor) encodeNumbers(t *Table, c *Column, f *feature, dst []float64, stride int) error {
	s := f.outputs[0].scaling
	for i, v := range c.Values {
		if math.IsNaN(v) {
			if !p.impute {
				return missingFeature(t, c, i)
			}
			v = f.fill
		}
		z := s.apply(v)
		if math.IsInf(z, 0) {
			return tooFar(t, c, i)
		}
		dst[i*stride] = z
	}
	return nil
}

// encodeCategories writes the indicators of each row to dst, stride elements
// apart.
func (p *Preprocessor) encodeCategories(t *Table, c *Column, f *feature, dst []float64, stride int) error {
	place := make(map[string]int, len(f.levels))
	for k, l := range f.levels {
		place[l] = k
	}
	known := make([]int, len(c.Levels)) // level of the model for one of the table
	for k, l := range c.Levels {
		known[k] = -1
		if j, ok := place[l]; ok {
			known[k] = j
		}
	}
	blocks := make([]float64, 0, len(f.levels)*len(f.outputs)) // encoding of each level
	for k := range f.levels {
		for _, o := range f.outputs {
			v := 0.0
			if o.level == k {
				v = 1
			}
			blocks = append(blocks, o.apply(v))
		}
	}
	for i, code := range c.Codes {
		level := f.missing
		switch {
		case code < 0 && !p.impute:
			return missingFeature(t, c, i)
		case code >= 0:
			level = known[code]
		}
		if level < 0 {
			return fmt.Errorf("%w: %s, column %s holds %s, which the training table does not have (known: %s)",
				ErrCategory, t.where(i), quote(c.Name), quote(c.Levels[code]), list(f.levels))
		}
		copy(dst[i*stride:], blocks[level*len(f.outputs):(level+1)*len(f.outputs)])
	}
	return nil
}

func missingFeature(t *Table, c *Column, i int) error {
	return fmt.Errorf("%w: %s, column %s has no value, and the model was trained without --missing mean; fill it in or use --missing drop",
		ErrMissing, t.where(i), quote(c.Name))
}

// tooFar is the error for a number that overflows when scaled.
func tooFar(t *Table, c *Column, i int) error {
	return fmt.Errorf("%w: %s, column %s holds %v, too far from the training rows to be standardised",
		ErrNotFinite, t.where(i), quote(c.Name), c.Values[i])
}

// wrongKind is the error for a column of the type that the model did not train
// with.
func wrongKind(t *Table, c *Column) error {
	if c.Kind == Numeric {
		return fmt.Errorf("%w: column %s of %s was read as numbers, and the model was trained with categories; use --categorical %s",
			ErrKind, quote(c.Name), t.Name, flagValue(c.Name))
	}
	i := firstText(c)
	return fmt.Errorf("%w: %s, column %s holds %s, and the model was trained with numbers there",
		ErrKind, t.where(i), quote(c.Name), quote(c.Text(i)))
}
