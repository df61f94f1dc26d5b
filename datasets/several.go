package datasets

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Outputs returns the number of outputs that a model for the target has: one for a
// number or for two classes, else as many as there are targets or classes.
func (p *Preprocessor) Outputs() int {
	switch {
	case p.several != nil:
		return len(p.several.names)
	case p.target.labels != nil:
		return len(p.target.labels)
	}
	return 1
}

// TargetNames returns the names of the target columns; more than one for several numeric
// targets only.
func (p *Preprocessor) TargetNames() []string {
	if p.several != nil {
		return p.several.Names()
	}
	return []string{p.target.name}
}

// Classes returns the labels of more than two classes, one for each output, in sorted
// order, and nil where there are not so many.
func (p *Preprocessor) Classes() []string { return slices.Clone(p.target.labels) }

// Targets returns the targets of all rows of t for each output (n x [Preprocessor.Outputs]):
// (y-mean)/scale of each of several targets; 1 in the column of the row's class and 0 in
// the others for more than two classes; else the one column of [Preprocessor.Target]. The
// error is that of [Preprocessor.Target].
func (p *Preprocessor) Targets(t *Table) (*mat.Dense, error) {
	if p.several != nil {
		return p.several.Matrix(t)
	}
	y, err := p.Target(t)
	if err != nil {
		return nil, err
	}
	if p.target.labels == nil {
		return mat.NewDense(len(y), 1, y), nil
	}
	out := mat.NewDense(len(y), len(p.target.labels), nil)
	for i, k := range y {
		out.Set(i, int(k), 1)
	}
	return out, nil
}

// UnscaleOutputs returns the outputs f (n x [Preprocessor.Outputs]) of a model in the
// units of the targets, in a new matrix. Those of a classification are copied as they
// are.
func (p *Preprocessor) UnscaleOutputs(f *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(f)
	scale := func(k int) scaling {
		switch {
		case p.task != TaskRegression:
			return identity
		case p.several != nil:
			return p.several.scalings[k]
		}
		return p.target.scaling
	}
	out.Apply(func(_, k int, z float64) float64 { return scale(k).invert(z) }, out)
	return out
}

// targets lists the columns that opt predicts.
func (t *Table) targets(opt FitOptions) ([]int, error) {
	if len(opt.Targets) == 0 {
		at, err := t.Index(opt.Target)
		return []int{at}, err
	}
	if opt.Target != "" {
		return nil, failf(ErrTask, "--target and --targets exclude each other; name all in --targets")
	}
	var out []int
	for _, ref := range opt.Targets {
		at, err := t.Index(ref)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, at) {
			return nil, fmt.Errorf("%w: %s is named twice among the targets", ErrDuplicate, quote(t.columns[at].Name))
		}
		out = append(out, at)
	}
	if len(out) == len(t.columns) {
		return nil, fmt.Errorf("%w: %s has %d columns, and all of them are targets; name fewer", ErrNoFeatures, t.Name, len(out))
	}
	return out, nil
}

// fitTargets learns several numeric targets.
func (f *fitter) fitTargets(at []int) error {
	if f.opt.Task == TaskClassification || f.opt.Positive != "" {
		return failf(ErrTask, "several targets are numbers, and the task is classification; name one with --target")
	}
	names := make([]string, len(at))
	for k, j := range at {
		names[k] = f.t.columns[j].Name
	}
	several, notices, err := FitTargets(f.t, f.train, names, f.opt.Standardize)
	if err != nil {
		return err
	}
	f.notices = append(f.notices, notices...)
	f.pre.task, f.pre.several = TaskRegression, several
	f.pre.target = target{name: names[0], kind: Numeric, scaling: several.scalings[0]}
	return nil
}

// fitLabels learns a classification of more than two classes.
func (f *fitter) fitLabels(labels []string, codes []int, what string) error {
	seen := make([]bool, len(labels))
	for _, i := range f.train {
		seen[codes[i]] = true
	}
	if k := slices.Index(seen, false); k >= 0 {
		return failf(ErrClasses, "no training row has the class %s of %s; hold out fewer rows, or use another --seed", quote(labels[k]), what)
	}
	f.pre.target.labels = labels
	return nil
}

// further is the stored form of all targets but the first.
func (g *Targets) further() []storedTarget {
	if g == nil {
		return nil
	}
	var out []storedTarget
	for k, name := range g.names[1:] {
		out = append(out, storedTarget{Name: name, Kind: Numeric, storedScaling: store(g.scalings[k+1])})
	}
	return out
}

// loadFurther takes over the targets that follow the first. names are those taken.
func (p *Preprocessor) loadFurther(stored []storedTarget, names map[string]bool) error {
	if len(stored) == 0 {
		return nil
	}
	if p.task != TaskRegression {
		return badStored("a classification has one target")
	}
	g := &Targets{names: []string{p.target.name}, scalings: []scaling{p.target.scaling}}
	for k := range stored {
		if names[stored[k].Name] {
			return badStored("the column %s occurs twice", quote(stored[k].Name))
		}
		names[stored[k].Name] = true
		t, err := stored[k].load(TaskRegression)
		if err != nil {
			return err
		}
		g.names, g.scalings = append(g.names, t.name), append(g.scalings, t.scaling)
	}
	p.several = g
	return nil
}

// loadLabels checks the labels of more than two classes.
func (st *storedTarget) loadLabels(s scaling) error {
	switch {
	case len(st.Labels) < 3 || st.Negative != "" || st.Positive != "" || st.Rest:
		return badStored("more than two classes have a list of labels and nothing else")
	case slices.Contains(st.Labels, ""):
		return badStored("a label is empty")
	case st.Kind == Numeric && slices.ContainsFunc(st.Labels, notCanonical):
		return badStored("the labels of the numeric target %s are not numbers", quote(st.Name))
	case s != identity:
		return badStored("the target of a classification is not scaled")
	}
	seen := make(map[string]bool)
	for _, l := range st.Labels {
		if seen[l] {
			return badStored("the label %s occurs twice", quote(l))
		}
		seen[l] = true
	}
	return nil
}
