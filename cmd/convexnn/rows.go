package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

// dataArguments say what a model is applied to.
type dataArguments struct {
	flags  *pflag.FlagSet
	data   string // DATA, or --x
	seed   uint64 // of generated sets, if it was given
	notice func(string)
}

// registerSeed adds the seed of generated sets.
func registerSeed(fs *pflag.FlagSet, seed *uint64) {
	fs.Uint64Var(seed, "seed", 0, "seed `N` of a generated built-in set (default that of the training, or 1)")
}

// trainedOn returns what is known of the training data, or nil.
func (m *model) trainedOn() *dataInfo {
	if m.Training == nil {
		return nil
	}
	return m.Training.Data
}

// dataSeed returns the seed of a generated set: by default the one of the set
// that the model was trained on, so that a name means the same rows.
func (m *model) dataSeed(c dataArguments) uint64 {
	switch info := m.trainedOn(); {
	case c.flags.Changed("seed"):
		return c.seed
	case info != nil && info.Name == dataName(c.data):
		return info.Seed
	}
	return 1
}

// read reads rows for the model, and their targets if labelled is set. Without
// targets, rows with a missing value that are to be dropped are marked as blank.
func (m *model) read(f *sourceFlags, c dataArguments, labelled bool) (sample, error) {
	if f.x != "" {
		x, y, err := f.matrices(labelled)
		if err == nil && m.encoding().Outputs() == 1 {
			err = f.single(y)
		}
		if err != nil {
			return sample{}, err
		}
		return m.encodeMatrix(f.x, x, y, labelled)
	}
	if m.Preprocessing == nil {
		return sample{}, fmt.Errorf("%s speaks of a matrix without column names; give one with --x FILE", m.origin())
	}
	p := m.Preprocessing
	opt := p.ReadOptions(f.read, labelled)
	keep := !labelled && opt.Missing == datasets.MissingDrop
	if keep {
		opt.Missing = datasets.MissingMean // read them, to know where they are
	}
	t, err := f.table(c.flags, c.data, opt, m.dataSeed(c), c.notice)
	if err != nil {
		return sample{}, err
	}
	var blank []bool
	switch {
	case keep:
		if t, blank, err = dropBlank(t, p); err != nil {
			return sample{}, err
		}
	case labelled:
		for _, name := range p.TargetNames() {
			if !slices.Contains(t.Names(), name) {
				continue // the encoding says so
			}
			if t, err = t.DropMissing(name); err != nil {
				return sample{}, err
			}
		}
	}
	s, err := m.encodeTable(t, labelled)
	if err != nil {
		return sample{}, err
	}
	s.blank = blank
	for _, n := range unnamedNotice(t) {
		c.notice(n)
	}
	switch {
	case t.Dropped > 0 && keep:
		c.notice(fmt.Sprintf("%s with a missing value: the prediction is empty there", plural(t.Dropped, "row")))
	case t.Dropped > 0:
		c.notice(fmt.Sprintf("left out %s with a missing value", plural(t.Dropped, "row")))
	}
	return s, nil
}

// dropBlank returns the table without the rows in which an input of the model is
// missing, and which ones these are.
func dropBlank(t *datasets.Table, p *datasets.Preprocessor) (*datasets.Table, []bool, error) {
	blank := make([]bool, t.Rows())
	some := false
	out := t
	for _, field := range p.Inputs() {
		at := slices.Index(t.Names(), field.Name)
		if at < 0 {
			continue // the encoding says so
		}
		column := t.At(at)
		for i := range blank {
			if column.Missing(i) {
				blank[i], some = true, true
			}
		}
		var err error
		if out, err = out.DropMissing(field.Name); err != nil {
			return nil, nil, err
		}
	}
	if !some {
		return t, nil, nil
	}
	return out, blank, nil
}

func (m *model) encodeTable(t *datasets.Table, labelled bool) (s sample, err error) {
	p := m.Preprocessing
	s.table = t
	if s.x, err = p.Transform(t); err != nil || !labelled {
		return s, err
	}
	if p.Outputs() > 1 {
		s.targets, err = p.Targets(t)
	} else {
		s.y, err = p.Target(t)
	}
	if err != nil {
		return s, err
	}
	s.strata, err = t.Strata(p.TargetName(), p.Task())
	return s, err
}

func (m *model) encodeMatrix(name string, x, y *mat.Dense, labelled bool) (s sample, err error) {
	if m.Preprocessing != nil {
		t, err := tableOf(name, x, y)
		if err != nil {
			return s, err
		}
		return m.encodeTable(t, labelled)
	}
	s.x = m.Matrix.transform(x)
	if _, d := s.x.Dims(); d != m.dim() {
		_, given := x.Dims()
		return s, fmt.Errorf("%s gives %d features, and %s takes %d", name, given, m.origin(), m.dim()+given-d)
	}
	if labelled {
		return m.Matrix.encode(name, x, y)
	}
	return s, nil
}

// generatedAnew reports whether the data c are the training data but for the seed
// that they are generated from.
func (d *dataInfo) generatedAnew(c dataArguments) bool {
	for _, b := range datasets.Builtins() {
		if b.Name == d.Name && b.Name == c.data {
			return b.Generated && c.flags.Changed("seed") && c.seed != d.Seed
		}
	}
	return false
}

// compare tells the user how the rows s of the data c relate to those that the
// model was trained on, and is empty if nothing speaks for a relation.
func (d *dataInfo) compare(c dataArguments, s sample) string {
	switch {
	case d == nil || d.Name != dataName(c.data) || d.generatedAnew(c):
		return ""
	case d.Rows != s.rows():
		return fmt.Sprintf("the model was trained on %s of %s; they may be among these", plural(d.TrainingRows, "row"), d.Name)
	case d.TrainingRows == d.Rows:
		return fmt.Sprintf("these are the %s that the model was trained on", plural(d.Rows, "row"))
	}
	return fmt.Sprintf("these rows include the %s that the model was trained on; --test-only leaves them out", plural(d.TrainingRows, "row"))
}

// heldOut returns the rows of s that the training held out, by repeating its
// split.
func (d *dataInfo) heldOut(c dataArguments, s sample) (sample, error) {
	switch {
	case d == nil:
		return sample{}, errors.New("--test-only: the model does not say which rows it was trained on; train it again")
	case d.Rows == d.TrainingRows:
		return sample{}, fmt.Errorf("--test-only: the model was trained on all rows of %s, and none was held out", d.Name)
	case d.generatedAnew(c):
		return sample{}, fmt.Errorf("--test-only: the model was trained on %s of --seed %d; leave out --seed", d.Name, d.Seed)
	case d.Rows != s.rows():
		return sample{}, fmt.Errorf("--test-only: %s has %s, and the table %s that the model was trained on had %d; give that one, with the same --missing",
			c.data, plural(s.rows(), "row"), d.Name, d.Rows)
	}
	_, test, err := d.split(c, s)
	if err != nil {
		return sample{}, fmt.Errorf("--test-only: %w", err)
	}
	return s.pick(test), nil
}

// split repeats the split of the training on all rows s of the same data.
func (d *dataInfo) split(c dataArguments, s sample) (train, test []int, err error) {
	if train, test, err = datasets.Split(s.strata, s.rows(), d.TestFraction, d.Seed); err != nil {
		return nil, nil, err
	}
	if len(train) != d.TrainingRows {
		return nil, nil, fmt.Errorf("the rows of %s split in another way than those of the training", c.data)
	}
	return train, test, nil
}
