package datasets

import (
	"bytes"
	"embed"
	"fmt"
)

// files holds the real tables; NOTICE at the root of the repository gives their
// sources and licences, and bench/data/make_builtin.py makes them.
//
//go:embed data/*.csv.gz
var files embed.FS

// Info describes a built-in data set.
type Info struct {
	Name        string // as [Load] takes it
	Rows        int    // rows of the table
	Features    int    // columns of the table without the target
	Target      string // target column, the last of the table
	Task        Task   // regression or classification
	Classes     int    // labels of a classification; above 2 training needs --positive
	Generated   bool   // computed from the seed, not measured
	Description string // one line
	Source      string // where the data or the problem come from
}

// A builtin is an Info with the way to its table.
type builtin struct {
	Info
	generate func(seed uint64) []Column // nil for an embedded file
}

// builtins is in the order that a user is shown.
var builtins = []builtin{
	{Info: Info{
		Name: "iris", Rows: 150, Features: 4, Target: "species", Task: TaskClassification, Classes: 3,
		Description: "iris species from the lengths and widths of sepals and petals, in cm",
		Source:      "R. A. Fisher, 1936; scikit-learn",
	}},
	{Info: Info{
		Name: "wine", Rows: 178, Features: 13, Target: "cultivar", Task: TaskClassification, Classes: 3,
		Description: "cultivar of Italian wines from chemical analysis",
		Source:      "M. Forina et al.; S. Aeberhard; UCI Machine Learning Repository; scikit-learn",
	}},
	{Info: Info{
		Name: "breast-cancer", Rows: 569, Features: 30, Target: "diagnosis", Task: TaskClassification, Classes: 2,
		Description: "malignant or benign breast mass from the shapes of cell nuclei",
		Source:      "W. H. Wolberg, W. N. Street, O. L. Mangasarian, 1995; UCI Machine Learning Repository; scikit-learn",
	}},
	{Info: Info{
		Name: "diabetes", Rows: 442, Features: 10, Target: "progression", Task: TaskRegression,
		Description: "progression of diabetes after one year from ten measurements, in their units",
		Source:      "B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, 2004; scikit-learn",
	}},
	{Info: Info{
		Name: "digits", Rows: 1797, Features: 64, Target: "digit", Task: TaskClassification, Classes: 10,
		Description: "handwritten digits 0 to 9 from images of 8×8 pixels with values 0 to 16",
		Source:      "E. Alpaydin, C. Kaynak, 1998; UCI Machine Learning Repository; scikit-learn",
	}},
	{Info: Info{
		Name: "xor", Rows: 4, Features: 2, Target: "label", Task: TaskClassification, Classes: 2, Generated: true,
		Description: "exclusive or: the four corners of a square, which no line divides (the seed has no effect)",
		Source:      "M. Minsky, S. Papert, Perceptrons, 1969",
	}, generate: xorColumns},
	{Info: Info{
		Name: "rays", Rows: 3, Features: 2, Target: "label", Task: TaskClassification, Classes: 2, Generated: true,
		Description: "three directions in the plane, the smallest example of gradient flow (the seed has no effect)",
		Source:      "generated",
	}, generate: rayColumns},
	{Info: Info{
		Name: "quadrants", Rows: quadrantRows, Features: 2, Target: "label", Task: TaskClassification, Classes: 2, Generated: true,
		Description: "two classes in opposite quadrants of the plane, which are orthogonally separable",
		Source:      "generated",
	}, generate: quadrantColumns},
	{Info: Info{
		Name: "plateau", Rows: 6, Features: 2, Target: "label", Task: TaskClassification, Classes: 2, Generated: true,
		Description: "six directions in the plane where gradient flow mostly stops short of the largest margin (the seed has no effect)",
		Source:      "generated",
	}, generate: plateauColumns},
	{Info: Info{
		Name: "spirals", Rows: spiralRows, Features: 2, Target: "label", Task: TaskClassification, Classes: 2, Generated: true,
		Description: "two interleaved spirals in the plane, with a little noise",
		Source:      "after K. J. Lang, M. J. Witbrock, 1988",
	}, generate: spiralColumns},
	{Info: Info{
		Name: "piecewise", Rows: piecewiseRows, Features: 1, Target: "y", Task: TaskRegression, Generated: true,
		Description: "a piecewise linear function of one variable with noise of standard deviation 0.1",
		Source:      "generated",
	}, generate: piecewiseColumns},
	{Info: Info{
		Name: "planted", Rows: plantedRows, Features: plantedInputs, Target: "y", Task: TaskRegression, Generated: true,
		Description: "a random network of 5 ReLU neurons on 10 Gaussian inputs with noise of standard deviation 0.1",
		Source:      "generated",
	}, generate: plantedColumns},
}

// Builtins describes the built-in data sets.
func Builtins() []Info {
	infos := make([]Info, len(builtins))
	for i := range builtins {
		infos[i] = builtins[i].Info
	}
	return infos
}

// Names returns the names of the built-in data sets.
func Names() []string {
	names := make([]string, len(builtins))
	for i := range builtins {
		names[i] = builtins[i].Name
	}
	return names
}

// IsBuiltin reports whether [Load] knows name.
func IsBuiltin(name string) bool { return find(name) != nil }

func find(name string) *builtin {
	for i := range builtins {
		if builtins[i].Name == name {
			return &builtins[i]
		}
	}
	return nil
}

// Load returns a new table of the built-in data set of that name. The seed
// determines the generated sets and has no effect on the measured ones. The
// error wraps [ErrUnknownSet] and lists the names.
func Load(name string, seed uint64) (*Table, error) {
	b := find(name)
	if b == nil {
		hint := ""
		if c := closest(name, Names()); c != "" {
			hint = fmt.Sprintf("; did you mean %s?", quote(c))
		}
		return nil, fmt.Errorf("%w: %s%s (built-in sets: %s)", ErrUnknownSet, quote(name), hint, list(Names()))
	}
	if b.generate != nil {
		return NewTable(name, b.generate(seed)...)
	}
	raw, err := files.ReadFile("data/" + name + ".csv.gz")
	if err != nil {
		return nil, err
	}
	opt := ReadOptions{Header: HeaderPresent, Delimiter: ','}
	if b.Task == TaskClassification {
		opt.Categorical = []string{b.Target} // digits are classes, not numbers
	}
	t, err := Read(bytes.NewReader(raw), name, opt)
	if err != nil {
		return nil, err
	}
	t.lines = nil // no file that a user could look at
	return t, nil
}
