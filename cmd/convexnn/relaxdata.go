package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

// relaxDataFlags say how a table becomes inputs and one or several outputs.
type relaxDataFlags struct {
	targets     []string
	bias        string
	standardize bool
	rows        int
	seed        uint64
}

func (f *relaxDataFlags) register(fs *pflag.FlagSet) {
	fs.StringSliceVar(&f.targets, "targets", nil, "predict the columns `COL,..`, names or positions (default the last)")
	fs.StringVar(&f.bias, "bias", "hidden", "`hidden|none`: append a column of ones, so that each neuron has a bias; none with --x")
	fs.BoolVar(&f.standardize, "standardize", true, "scale features and numeric targets to mean 0 and variance 1; off with --x")
	fs.IntVar(&f.rows, "rows", 0, "take `N` rows at random (default all)")
	fs.Uint64Var(&f.seed, "seed", 1, "seed `N` of the choice of rows and of generated data")
}

func (f *relaxDataFlags) check(flags *pflag.FlagSet, matrix bool) error {
	f.targets = trimmed(f.targets)
	if matrix && !flags.Changed("bias") {
		f.bias = "none"
	}
	switch {
	case matrix && (flags.Changed("targets") || flags.Changed("standardize")):
		return usagef("--targets and --standardize are for tables, and --x names a matrix, which is taken as it is; all columns of --y are targets")
	case flags.Changed("targets") && (len(f.targets) == 0 || slices.Contains(f.targets, "")):
		return usagef("--targets lists an empty name; name columns, such as --targets a,b")
	case f.bias != "hidden" && f.bias != "none":
		return usagef("--bias %q is neither hidden nor none", f.bias)
	case flags.Changed("rows") && f.rows < 1:
		return usagef("--rows must be at least 1, got %d", f.rows)
	}
	return nil
}

// relaxData is rows ready for the programs.
type relaxData struct {
	name            string
	x, y            *mat.Dense
	all             int // rows there were
	inputs, outputs []string
	chosen          string // how the target was chosen, if nobody named it
	standardized    bool
	dropped         int
	notices         []string
}

// load reads DATA or --x and --y.
func (f *relaxDataFlags) load(source *sourceFlags, flags *pflag.FlagSet, args []string, notice func(string)) (*relaxData, error) {
	if source.x != "" {
		return f.matrices(source)
	}
	opt := source.read
	if len(f.targets) > 0 {
		opt.Target = f.targets[0]
	}
	t, err := source.table(flags, args[0], opt, f.seed, notice)
	if err != nil {
		return nil, err
	}
	p := &relaxData{name: args[0], standardized: f.standardize, notices: unnamedNotice(t)}
	targets := f.targets
	if len(targets) == 0 {
		targets = []string{t.At(t.NumColumns() - 1).Name}
		p.chosen = " (the last column; --targets chooses others)"
	}
	for k, ref := range targets {
		c, err := t.Column(ref)
		if err != nil {
			return nil, err
		}
		if slices.Contains(targets[:k], c.Name) {
			return nil, fmt.Errorf("%w: %q is named twice among the targets; name each once", datasets.ErrDuplicate, c.Name)
		}
		targets[k] = c.Name
		if t, err = t.DropMissing(c.Name); err != nil {
			return nil, err
		}
	}
	if p.dropped = t.Dropped; p.dropped > 0 {
		p.notices = append(p.notices, fmt.Sprintf("left out %s with a missing value", plural(p.dropped, "row")))
	}
	p.all = t.Rows()
	return p, f.encode(p, t, targets, source.read.Missing == datasets.MissingMean)
}

// matrices takes --x and --y as they are.
func (f *relaxDataFlags) matrices(source *sourceFlags) (*relaxData, error) {
	x, err := datasets.ReadMatrix(source.x)
	if err != nil {
		return nil, err
	}
	n, d := x.Dims()
	p := &relaxData{name: source.x, all: n}
	var y *mat.Dense
	switch {
	case source.y != "":
		if y, err = datasets.ReadMatrix(source.y); err != nil {
			return nil, err
		}
		if rows, cols := y.Dims(); rows != n {
			return nil, fmt.Errorf("%s is a %d x %d matrix, and %s has %d rows; --y takes a row of targets for each", source.y, rows, cols, source.x, n)
		}
	case d < 2:
		return nil, fmt.Errorf("%s has one column, and without --y the last one is the target; give the targets with --y FILE", source.x)
	default:
		y, x = mat.DenseCopyOf(x.Slice(0, n, d-1, d)), mat.DenseCopyOf(x.Slice(0, n, 0, d-1))
		p.chosen = fmt.Sprintf(" (the last column of %s; --y FILE takes targets)", source.x)
	}
	_, d = x.Dims()
	_, c := y.Dims()
	for j := range d {
		p.inputs = append(p.inputs, fmt.Sprintf("x%d", j+1))
	}
	for k := range c {
		p.outputs = append(p.outputs, fmt.Sprintf("y%d", k+1))
	}
	if f.bias == "hidden" {
		wide := mat.NewDense(n, d+1, nil)
		wide.Slice(0, n, 0, d).(*mat.Dense).Copy(x)
		for i := range n {
			wide.Set(i, d, 1)
		}
		x, p.inputs = wide, append(p.inputs, "bias")
	}
	rows := f.pick(n)
	p.x, p.y = rowsOf(x, rows), rowsOf(y, rows)
	return p, nil
}

// encode makes the matrices of a table: a numeric target is one output, and so are two
// classes, as for convexnn train. More classes are one output each, 1 in its rows and 0
// in others.
func (f *relaxDataFlags) encode(p *relaxData, t *datasets.Table, targets []string, impute bool) error {
	rows := f.pick(t.Rows())
	var y []([]float64)
	for _, name := range targets {
		alone, err := without(t, targets, name)
		if err != nil {
			return err
		}
		fit := func(positive string) ([]float64, error) {
			pre, notices, err := datasets.Fit(alone, rows, datasets.FitOptions{
				Target: name, Positive: positive, Standardize: f.standardize, Bias: f.bias == "hidden", Impute: impute,
			})
			if err != nil {
				return nil, err
			}
			for _, n := range notices {
				if !slices.Contains(p.notices, n) {
					p.notices = append(p.notices, n)
				}
			}
			if p.x == nil {
				x, err := pre.Transform(alone)
				if err != nil {
					return nil, err
				}
				p.x, p.inputs = rowsOf(x, rows), pre.FeatureNames()
				if _, d := p.x.Dims(); d > len(p.inputs) {
					p.inputs = append(slices.Clone(p.inputs), "bias")
				}
			}
			return pre.Target(alone)
		}
		classes, err := classesOf(alone, name)
		if err != nil {
			return err
		}
		if len(classes) <= 2 {
			column, err := fit("")
			if err != nil {
				return err
			}
			y, p.outputs = append(y, column), append(p.outputs, name)
			continue
		}
		for _, class := range classes {
			column, err := fit(class)
			if err != nil {
				return err
			}
			for i, v := range column {
				column[i] = (v + 1) / 2
			}
			y, p.outputs = append(y, column), append(p.outputs, name+" = "+class)
		}
	}
	p.y = mat.NewDense(len(rows), len(y), nil)
	for k, column := range y {
		for i, r := range rows {
			p.y.Set(i, k, column[r])
		}
	}
	return nil
}

// classesOf lists the labels of a column of words that occur, in sorted order.
func classesOf(t *datasets.Table, name string) ([]string, error) {
	c, err := t.Column(name)
	if err != nil || c.Kind != datasets.Categorical {
		return nil, err
	}
	var out []string
	for i := range c.Len() {
		if label := c.Text(i); !slices.Contains(out, label) {
			out = append(out, label)
		}
	}
	const most = 50
	if len(out) > most {
		return nil, fmt.Errorf("column %s has %d different words, and more than %d classes are not for this command", name, len(out), most)
	}
	slices.Sort(out)
	return out, nil
}

// without returns the table without the other targets.
func without(t *datasets.Table, targets []string, but string) (*datasets.Table, error) {
	var columns []datasets.Column
	for j := range t.NumColumns() {
		if c := t.At(j); c.Name == but || !slices.Contains(targets, c.Name) {
			columns = append(columns, *c)
		}
	}
	if len(columns) == t.NumColumns() {
		return t, nil
	}
	if len(columns) == 1 {
		return nil, fmt.Errorf("%s has %s, and all of them are targets; name fewer with --targets", t.Name, plural(t.NumColumns(), "column"))
	}
	return datasets.NewTable(t.Name, columns...)
}

// pick lists the rows to take of n.
func (f *relaxDataFlags) pick(n int) []int {
	rows := make([]int, n)
	for i := range rows {
		rows[i] = i
	}
	if f.rows == 0 || f.rows >= n {
		return rows
	}
	rng := rand.New(rand.NewPCG(f.seed, 0x726f7773))
	rng.Shuffle(n, func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	rows = rows[:f.rows]
	slices.Sort(rows)
	return rows
}

func rowsOf(a *mat.Dense, rows []int) *mat.Dense {
	_, d := a.Dims()
	out := mat.NewDense(len(rows), d, nil)
	for k, i := range rows {
		out.SetRow(k, a.RawRowView(i))
	}
	return out
}

// print prints what is trained on.
func (p *relaxData) print(w io.Writer) {
	n, _ := p.x.Dims()
	rows := plural(n, "row")
	if n < p.all {
		rows += fmt.Sprintf(" of %d", p.all)
	}
	row(w, "data", "%s: %s", p.name, rows)
	const most = 12
	if inputs := len(p.inputs); inputs <= most {
		paragraph(w, "inputs", strings.Join(p.inputs, ", "))
	} else {
		paragraph(w, "inputs", fmt.Sprintf("%d: %s, .., %s", inputs, strings.Join(p.inputs[:3], ", "), p.inputs[inputs-1]))
	}
	name := "outputs"
	if len(p.outputs) == 1 {
		name = "output"
	}
	paragraph(w, name, strings.Join(p.outputs, ", ")+p.chosen)
	for _, n := range p.notices {
		paragraph(w, "note", n)
	}
}
