package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// certifyFlags are the flags of certify.
type certifyFlags struct {
	outputFlags
	source  sourceFlags
	weights weightFlags
	limits  limitFlags

	beta, tol          float64
	rounds             int
	seed               uint64
	intercept, allRows bool
}

func (a *app) certifyCommand() *cobra.Command {
	f := new(certifyFlags)
	cmd := &cobra.Command{
		Use:   "certify MODEL DATA",
		Short: "Say how far a network is from the best one",
		Long: `Certify brackets a two-layer ReLU network from anywhere: it proves a lower bound on
the objective of all such networks, of any width, and looks for a better network, by
generating neurons from those of MODEL on. Where the proof falls short of what local
search suggests, it says both.

MODEL is a model file of train, or plain weights. On the table that a model was
trained on it takes the training rows, and the beta of the training.

Plain weights are JSON,

    {"U": [[...], ...], "alpha": [...], "bias": [...], "intercept": b}

with U as a d x m matrix, one neuron a column, or m x d as PyTorch has it, and bias
and intercept only where there are any; or a matrix file for U, with --alpha,
--hidden-bias and --output-bias. They need --x and --y, the inputs and targets as the
network saw them, and --beta. A hidden bias counts in |u|, as the weight of a column
of ones.

The objective is that of train: 1/2 sum (f(x) - y)^2 + beta sum |u||alpha|.`,
		Example: `  convexnn certify model.json houses.csv
  convexnn certify weights.json --x X.csv --y y.csv --beta 0.1 --report report.json
  convexnn certify U.csv --alpha alpha.csv --x X.csv --y y.csv --beta 0.1`,
		Args: f.source.arguments("MODEL", "DATA"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd.Flags()); err != nil {
				return err
			}
			return a.certify(cmd, f, args)
		},
	}
	useGroups(cmd, f.groups())
	return cmd
}

func (f *certifyFlags) groups() []flagGroup {
	out, network, data, limits := newGroup("Output"), newGroup("Network"), newGroup("Data"), newGroup("Limits")
	fs := out.flags
	fs.StringVar(&f.modelPath, "out", "", "write the better network, if one is found, to the model `FILE`")
	fs.StringVar(&f.reportOut, "report", "", "write a JSON report to `FILE`, or - for standard output")
	fs.BoolVar(&f.quiet, "quiet", false, "print nothing but errors")
	fs = network.flags
	fs.Float64Var(&f.beta, "beta", 0, "strength `F` of the weight decay (default that of the training)")
	fs.BoolVar(&f.intercept, "intercept", false, "compare with networks that have an output intercept without weight decay; so where MODEL has one")
	f.weights.register(fs)
	f.source.register(data.flags, false)
	data.flags.BoolVar(&f.allRows, "all-rows", false, "take the rows too that the training of MODEL held out")
	fs = limits.flags
	fs.Float64Var(&f.tol, "tol", 1e-3, "end where the bound is within the relative gap `F` of the best network found")
	fs.IntVar(&f.rounds, "rounds", 200, "generate neurons, for bounds and better networks, in up to `N` rounds; 0 prices the residual of MODEL only")
	fs.Uint64Var(&f.seed, "seed", 0, "seed `N` of local searches, and of a generated built-in set (default that of the training, or 1)")
	f.limits.register(fs)
	return []flagGroup{out, network, data, limits}
}

func (f *certifyFlags) check(flags *pflag.FlagSet) error {
	switch {
	case flags.Changed("beta") && !positive(f.beta):
		return usagef("--beta must be positive and finite, got %v", f.beta)
	case !positive(f.tol) || f.tol >= 1:
		return usagef("--tol must be above 0 and below 1, got %v", f.tol)
	case f.rounds < 0:
		return usagef("--rounds must not be negative, got %d", f.rounds)
	}
	return cmp.Or(f.outputFlags.check(), f.limits.check(flags))
}

// certify does the work of the command.
func (a *app) certify(cmd *cobra.Command, f *certifyFlags, args []string) error {
	ctx, cancel := f.limits.context(cmd.Context())
	defer cancel()
	defer f.limits.useThreads()()
	inputs := f.source.files(append(args, f.weights.alpha, f.weights.hiddenBias)...)
	out, err := a.results(&f.outputFlags, inputs...)
	if err != nil {
		return err
	}

	s, err := f.load(cmd.Flags(), args, a.noticer(f.quiet))
	if err != nil {
		return err
	}
	c := certifying{flags: f, subject: s, seed: 1}
	if cmd.Flags().Changed("seed") {
		c.seed = f.seed
	}
	c.printSubject(out.text)
	if err := c.run(ctx, a.trainProgress(f.quiet)); err != nil {
		return err
	}
	a.stopped = c.result.Status == convexnn.Stopped
	c.timeout = errors.Is(ctx.Err(), context.DeadlineExceeded)
	c.printResult(out.text)
	var better *model
	if c.result.Better != nil {
		better = c.model()
	}
	return out.write(better, nil, c.report())
}

// A certifying is a network and what certify found of it.
type certifying struct {
	*subject
	flags   *certifyFlags
	seed    uint64
	result  *convexnn.Certification
	seconds float64
	timeout bool // the time limit has passed
}

func (c *certifying) run(ctx context.Context, bar *progress) error {
	f, x, y := c.flags, c.rows.x, c.rows.y
	start := time.Now()
	settings := convexnn.CertifySettings{
		Intercept: c.intercept, Tolerance: f.tol, MaxRounds: f.rounds, Seed: c.seed, MemoryLimit: f.limits.memory.limit(),
		Progress: func(s convexnn.SolveProgress) {
			bar.update(convexnn.Progress{Stage: "generate", Solve: s, Tolerance: f.tol})
		},
	}
	if f.rounds == 0 {
		settings.MaxRounds = -1
	}
	var err error
	c.result, err = convexnn.Certify(ctx, x, y, c.network, c.beta, settings)
	bar.clear()
	c.seconds = time.Since(start).Seconds()
	return tooFar("beta", f.beta, err)
}

// tooFar words the error of a run that comes from the value of a flag for beta, if it
// does.
func tooFar(flag string, value float64, err error) error {
	if err != nil && value > 0 && (value < leastBeta || value > 1/leastBeta) {
		return fmt.Errorf("--%s %g is too far from the size of the data: %w", flag, value, err)
	}
	return err
}

// leastBeta is where float64 has room for the squares of beta; the same holds for
// its inverse.
const leastBeta = 1e-150

// model is the model file of the better network.
func (c *certifying) model() *model {
	m := &model{
		Format: modelFormat, Version: modelVersion, Network: c.result.Better,
		Training: &trainingInfo{
			Objective: number(c.result.BetterObjective), Beta: number(c.beta),
			Certificate: string(c.result.Certificate.Kind), Convexnn: version(), Data: c.split,
		},
	}
	m.Preprocessing, m.Matrix = stored(c.encoding)
	return m
}

// A subject is a network and the rows that it is judged on.
type subject struct {
	path      string // of MODEL
	name      string // of the data
	encoding  encoding
	network   *convexnn.Network
	rows      sample
	total     int // rows of the data
	split     *dataInfo
	beta      float64
	trained   bool // beta is that of the training
	intercept bool
}

// load reads the network and its rows.
func (f *certifyFlags) load(flags *pflag.FlagSet, args []string, notice func(string)) (*subject, error) {
	m, w, err := openNetwork(args[0], &f.weights, flags)
	if err != nil {
		return nil, err
	}
	if m != nil {
		if err := m.single(args[0], "certify"); err != nil {
			return nil, err
		}
	}
	s := &subject{path: args[0], beta: f.beta}
	if w != nil {
		err = f.loadWeights(s, w, notice)
	} else {
		err = f.loadModel(s, m, dataArguments{flags: flags, data: cmp.Or(f.source.x, args[len(args)-1]), seed: f.seed, notice: notice})
	}
	if err != nil {
		return nil, err
	}
	s.intercept = f.intercept || s.network.Intercept != 0
	objective, _, err := s.network.Objective(s.rows.x, s.rows.y, s.beta)
	if err == nil && !number(objective).defined() {
		err = fmt.Errorf("the objective of %s on %s is too large for a number; are these its inputs and targets?", s.path, s.name)
	}
	return s, err
}

// loadWeights completes s by plain weights.
func (f *certifyFlags) loadWeights(s *subject, w *plainWeights, notice func(string)) error {
	if f.source.x == "" {
		return usagef("%s holds plain weights: give the inputs and targets as the network saw them, with --x FILE and --y FILE", s.path)
	}
	if f.beta == 0 {
		return usagef("%s holds plain weights: give the strength of the weight decay with --beta", s.path)
	}
	if f.source.y == "" {
		return usagef("--y is missing: give the targets to --x with --y FILE")
	}
	x, y, err := f.source.matrix(true)
	if err != nil {
		return err
	}
	_, columns := x.Dims()
	var note string
	if s.network, note, err = w.network(columns); err != nil {
		return err
	}
	if note != "" {
		notice(note)
	}
	e := &matrixEncoding{OnesColumn: w.bias != nil, Kind: datasets.TaskRegression}
	s.name, s.encoding, s.rows, s.total = f.source.x, e, sample{x: e.transform(x), y: y}, len(y)
	s.split = &dataInfo{Name: dataName(s.name), Rows: len(y), TrainingRows: len(y), Seed: 1}
	return nil
}

// loadModel completes s by a model file: on the data of its training, with the
// rows that it was trained on.
func (f *certifyFlags) loadModel(s *subject, m *model, c dataArguments) error {
	for _, name := range []string{"alpha", "hidden-bias", "output-bias"} {
		if c.flags.Changed(name) {
			return usagef("--%s belongs to a matrix of hidden weights, and %s is a model", name, s.path)
		}
	}
	if m.Network.Model != convexnn.ReLU {
		return fmt.Errorf("%s is a gated network, and bounds are known for ReLU networks only; train with --model relu", s.path)
	}
	if m.Training != nil && m.Training.Loss != "" {
		if s.beta == 0 {
			return usagef("%s was trained with the loss %s, and certify judges by the squared loss; give its --beta", s.path, m.Training.Loss)
		}
		c.notice(fmt.Sprintf("%s was trained with the loss %s, and is judged by the squared loss", s.path, m.Training.Loss))
	}
	if s.beta == 0 {
		if m.Training == nil || !positive(float64(m.Training.Beta)) {
			return usagef("%s does not say with which beta it was trained; give --beta", s.path)
		}
		s.beta, s.trained = float64(m.Training.Beta), true
	}
	rows, err := m.read(&f.source, c, true)
	if err != nil {
		return err
	}
	if f.source.x != "" && f.source.y == "" {
		c.notice(fmt.Sprintf("the last column of %s is taken for the targets; --y FILE names others", f.source.x))
	}
	s.name, s.encoding, s.network, s.total = c.data, m.encoding(), m.Network, rows.rows()
	s.rows = rows
	s.split = &dataInfo{Name: dataName(s.name), Rows: s.total, TrainingRows: s.total, Seed: m.dataSeed(c)}
	info := m.trainedOn()
	if info == nil || info.Name != dataName(c.data) || info.Rows != s.total || info.generatedAnew(c) || f.allRows {
		return nil
	}
	train, _, err := info.split(c, rows)
	if err != nil {
		return err
	}
	s.rows, s.split = rows.pick(train), info
	return nil
}
