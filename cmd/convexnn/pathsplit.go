package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/convexnn/convexnn/datasets"
)

// load reads the data and splits the rows into three parts. All that is held out is
// held out at once, so that the preprocessing learns from the training rows alone and a
// model file can repeat the split. The test rows are those that train holds out with
// the same seed and share.
func (p *selection) load(cmd *cobra.Command, args []string, notice func(string)) error {
	f := p.flags
	s, err := f.source.load(cmd.Flags(), args, f.fit.target, f.fit.seed, true, notice)
	if err != nil {
		return err
	}
	if p.data, err = f.fit.encode(s, f.validation+f.fit.fraction, f.source.read.Missing == datasets.MissingMean); err != nil {
		return err
	}
	strata, err := f.strata(s, p.data)
	if err != nil {
		return err
	}
	n := p.data.train.rows() + p.data.test.rows()
	_, held, err := datasets.Split(strata, n, p.data.fraction, f.fit.seed)
	if err != nil {
		return err
	}
	_, test, err := datasets.Split(strata, n, f.fit.fraction, f.fit.seed)
	if err != nil {
		return err
	}
	var parts [2][]int // places among the held-out rows
	for place, row := range held {
		k := 0
		if _, found := slices.BinarySearch(test, row); found {
			k = 1
		}
		parts[k] = append(parts[k], place)
	}
	p.validation, p.test = p.data.test.pick(parts[0]), p.data.test.pick(parts[1])
	p.data.notices = append(slices.Clone(s.notices), p.data.notices...)
	return p.checkParts()
}

// strata returns what the split of the prepared rows is stratified by.
func (f *pathFlags) strata(s *source, data *prepared) ([]int, error) {
	if e, plain := data.encoding.(*matrixEncoding); plain {
		y, err := e.target(s.name, s.y)
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

// checkParts refuses parts that measure nothing, and notes those that measure little.
func (p *selection) checkParts() error {
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
	case p.flags.fit.fraction > 0 && test < least:
		return fmt.Errorf("%s, and a test needs %d; give more rows, a larger --test-fraction, or --test-fraction 0 for no test", parts, least)
	case !classes:
		return nil
	case p.flags.fit.fraction > 0 && oneClass(p.test):
		return fmt.Errorf("%s, which lack a class; give more rows, a larger --test-fraction, or --test-fraction 0 for no test", parts)
	case oneClass(p.validation):
		p.data.notices = append(p.data.notices, fmt.Sprintf("the %s all of one class, so that the choice of beta says little; give more, by --validation-fraction", validationRows(validation)))
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
