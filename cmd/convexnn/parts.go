package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

// parts are the rows of a source: to train on, to choose by, and to test on.
type parts struct {
	data             *prepared // its test rows are those of both parts below
	validation, test sample
}

// partFlags say where the rows come from and how they are split.
type partFlags struct {
	source     sourceFlags
	fit        fitFlags
	validation float64
}

func (f *partFlags) register(fs *pflag.FlagSet, chosen string) {
	f.source.register(fs, true)
	f.fit.register(fs)
	f.fit.registerTraining(fs)
	fs.Float64Var(&f.validation, "validation-fraction", 0.25, "share `F` of the rows to choose "+chosen+" by")
}

func (f *partFlags) check(flags *pflag.FlagSet) error {
	if !(f.validation > 0 && f.validation < 1) {
		return usagef("--validation-fraction must be above 0 and below 1, got %v", f.validation)
	}
	if err := f.fit.check(flags, f.source.x != ""); err != nil {
		return err
	}
	if f.validation+f.fit.fraction >= 1 {
		return usagef("--validation-fraction %v and --test-fraction %v leave no row to train on", f.validation, f.fit.fraction)
	}
	return nil
}

// load reads the data and splits the rows into three parts; what is chosen by the second
// has a name for messages. All that is held out is held out at once, so that the
// preprocessing learns from the training rows alone and a model file can repeat the
// split. The test rows are those that train holds out with the same seed and share.
func (f *partFlags) load(cmd *cobra.Command, args []string, chosen string, notice func(string)) (*parts, error) {
	s, err := f.source.load(cmd.Flags(), args, f.fit.target, f.fit.seed, true, notice)
	if err != nil {
		return nil, err
	}
	p := new(parts)
	if p.data, err = f.fit.encode(s, f.validation+f.fit.fraction, f.source.read.Missing == datasets.MissingMean); err != nil {
		return nil, err
	}
	strata, err := f.strata(s, p.data)
	if err != nil {
		return nil, err
	}
	n := p.data.train.rows() + p.data.test.rows()
	_, held, err := datasets.Split(strata, n, p.data.fraction, f.fit.seed)
	if err != nil {
		return nil, err
	}
	_, test, err := datasets.Split(strata, n, f.fit.fraction, f.fit.seed)
	if err != nil {
		return nil, err
	}
	var places [2][]int // among the held-out rows
	for place, row := range held {
		k := 0
		if _, found := slices.BinarySearch(test, row); found {
			k = 1
		}
		places[k] = append(places[k], place)
	}
	p.validation, p.test = p.data.test.pick(places[0]), p.data.test.pick(places[1])
	p.data.notices = append(slices.Clone(s.notices), p.data.notices...)
	return p, p.check(f.fit.fraction, chosen)
}

// strata returns what the split of the prepared rows is stratified by.
func (f *partFlags) strata(s *source, data *prepared) ([]int, error) {
	if e, plain := data.encoding.(*matrixEncoding); plain {
		y, err := e.target(s.name, mat.Col(nil, 0, s.y))
		if err != nil {
			return nil, err
		}
		return e.strata(y), nil
	}
	t, err := s.table, error(nil)
	if t == nil {
		if t, err = tableOf(s.name, s.x, s.y); err != nil {
			return nil, err
		}
	}
	if t, err = t.DropMissing(f.fit.target); err != nil {
		return nil, err
	}
	task := f.fit.task
	if f.fit.positive != "" {
		task = datasets.TaskClassification
	}
	return t.Strata(f.fit.target, task)
}

// check refuses parts that measure nothing, and notes those that measure little, if the
// share of the rows to test on is the one given.
func (p *parts) check(fraction float64, chosen string) error {
	classes := p.data.encoding.Task() == datasets.TaskClassification
	least := 2 // below it there is no R2
	if classes {
		least = 1
	}
	train, validation, test := p.data.train.rows(), p.validation.rows(), p.test.rows()
	parts := fmt.Sprintf("too few rows for three parts: %d to train on, %d to choose by, %d to test on", train, validation, test)
	switch {
	case validation < least:
		return fmt.Errorf("%s, and choosing needs %d; give more rows, a larger --validation-fraction or --test-fraction 0", parts, least)
	case fraction > 0 && test < least:
		return fmt.Errorf("%s, and a test needs %d; give more rows, a larger --test-fraction, or --test-fraction 0 for no test", parts, least)
	case !classes:
		return nil
	case fraction > 0 && oneClass(p.test):
		return fmt.Errorf("%s, which lack a class; give more rows, a larger --test-fraction, or --test-fraction 0 for no test", parts)
	case oneClass(p.validation):
		p.data.notices = append(p.data.notices, fmt.Sprintf("the %s all of one class, so that the choice of %s says little; give more, by --validation-fraction", validationRows(validation), chosen))
	}
	return nil
}

func oneClass(s sample) bool { return !slices.Contains(s.y, 1) || !slices.Contains(s.y, -1) }

func validationRows(n int) string {
	if n == 1 {
		return "1 validation row is"
	}
	return fmt.Sprintf("%d validation rows are", n)
}
