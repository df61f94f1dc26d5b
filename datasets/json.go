package datasets

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// The stored form. Pointers tell a number that is absent from a 0. Nothing in it
// states a size, so that decoding never allocates more than the text holds.
type (
	storedPreprocessor struct {
		Task        Task            `json:"task"`
		Standardize bool            `json:"standardize"`
		Bias        bool            `json:"bias"`
		Impute      bool            `json:"impute"`
		Features    []storedFeature `json:"features"`
		Target      storedTarget    `json:"target"`
		Further     []storedTarget  `json:"further_targets,omitempty"`
	}
	storedFeature struct {
		Name    string         `json:"name"`
		Kind    Kind           `json:"kind"`
		Fill    *float64       `json:"fill,omitempty"`
		Missing *string        `json:"missing,omitempty"`
		Levels  []string       `json:"levels,omitempty"`
		Outputs []storedOutput `json:"outputs"`
	}
	storedOutput struct {
		Level *string `json:"level,omitempty"`
		storedScaling
	}
	storedScaling struct {
		Mean     *float64 `json:"mean"`
		Scale    *float64 `json:"scale"`
		Exponent int      `json:"exponent,omitempty"`
	}
	storedTarget struct {
		Name string `json:"name"`
		Kind Kind   `json:"kind"`
		storedScaling
		Negative string `json:"negative,omitempty"`
		Positive string `json:"positive,omitempty"`
		Rest     bool   `json:"rest,omitempty"`

		Labels []string `json:"labels,omitempty"`
	}
)

// MarshalJSON implements [json.Marshaler]. Decoding gives back a preprocessor of
// the same behaviour, to the last bit.
func (p *Preprocessor) MarshalJSON() ([]byte, error) {
	s := storedPreprocessor{
		Task: p.task, Standardize: p.standardize, Bias: p.bias, Impute: p.impute,
		Features: make([]storedFeature, len(p.features)),
		Target: storedTarget{
			Name: p.target.name, Kind: p.target.kind, storedScaling: store(p.target.scaling),
			Negative: p.target.negative, Positive: p.target.positive, Rest: p.target.rest, Labels: p.target.labels,
		},
		Further: p.several.further(),
	}
	for k := range p.features {
		f := &p.features[k]
		sf := storedFeature{Name: f.name, Kind: f.kind, Levels: f.levels}
		switch {
		case !p.impute:
		case f.kind == Numeric:
			sf.Fill = &f.fill
		default:
			sf.Missing = &f.levels[f.missing]
		}
		for _, o := range f.outputs {
			so := storedOutput{storedScaling: store(o.scaling)}
			if f.kind == Categorical {
				so.Level = &f.levels[o.level]
			}
			sf.Outputs = append(sf.Outputs, so)
		}
		s.Features[k] = sf
	}
	return json.Marshal(s)
}

func store(s scaling) storedScaling {
	return storedScaling{Mean: &s.mean, Scale: &s.scale, Exponent: s.exponent}
}

// UnmarshalJSON implements [json.Unmarshaler]. What it accepts is as consistent as
// what [Fit] returns: it checks types, names, categories and numbers, and refuses
// members that it does not know. The error wraps [ErrPreprocessor] and leaves p
// unchanged.
func (p *Preprocessor) UnmarshalJSON(b []byte) error {
	var s storedPreprocessor
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("%w: %w", ErrPreprocessor, err)
	}
	q := Preprocessor{task: s.Task, standardize: s.Standardize, bias: s.Bias, impute: s.Impute}
	if len(s.Features) == 0 && !s.Bias {
		return badStored("it has neither features nor a bias")
	}
	names := map[string]bool{s.Target.Name: true}
	for k := range s.Features {
		sf := &s.Features[k]
		if names[sf.Name] {
			return badStored("the column %s occurs twice", quote(sf.Name))
		}
		names[sf.Name] = true
		f, err := sf.load(s.Impute)
		if err != nil {
			return err
		}
		q.features = append(q.features, f)
	}
	var err error
	if q.target, err = s.Target.load(s.Task); err != nil {
		return err
	}
	if err := q.loadFurther(s.Further, names); err != nil {
		return err
	}
	*p = q
	return nil
}

func badStored(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrPreprocessor, fmt.Sprintf(format, args...))
}

func (sf *storedFeature) load(impute bool) (feature, error) {
	f := feature{name: sf.Name, kind: sf.Kind, levels: sf.Levels}
	bad := func(what string) (feature, error) {
		return feature{}, badStored("column %s: %s", quote(sf.Name), what)
	}
	switch {
	case sf.Name == "":
		return bad("it has no name")
	case len(sf.Outputs) == 0:
		return bad("it gives no column of the matrix")
	case sf.Kind == Numeric && (len(sf.Outputs) != 1 || len(sf.Levels) > 0 || sf.Missing != nil):
		return bad("a numeric column has one output and no categories")
	case sf.Kind == Categorical && (len(sf.Levels) < 2 || len(sf.Levels) > maxLevels || sf.Fill != nil):
		return bad(fmt.Sprintf("a categorical column has 2 to %d categories", maxLevels))
	case sf.Kind == Numeric && impute != (sf.Fill != nil), sf.Kind == Categorical && impute != (sf.Missing != nil):
		return bad("the value to fill in does not agree with impute")
	}
	place := make(map[string]int, len(sf.Levels))
	for k, l := range sf.Levels {
		if _, ok := place[l]; ok || l == "" {
			return bad(fmt.Sprintf("category %s is empty or occurs twice", quote(l)))
		}
		place[l] = k
	}
	if sf.Fill != nil {
		f.fill = *sf.Fill
	}
	if sf.Missing != nil {
		k, ok := place[*sf.Missing]
		if !ok {
			return bad(fmt.Sprintf("the category %s to fill in is not in its list", quote(*sf.Missing)))
		}
		f.missing = k
	}
	last := -1
	for _, so := range sf.Outputs {
		var o output
		if (so.Level != nil) != (sf.Kind == Categorical) {
			return bad("the outputs of a categorical column, and no others, have a category")
		}
		if so.Level != nil {
			k, ok := place[*so.Level]
			if !ok || k <= last {
				return bad(fmt.Sprintf("the output for category %s is unknown or out of order", quote(*so.Level)))
			}
			o.level, last = k, k
		}
		var err error
		if o.scaling, err = so.load(sf.Name); err != nil {
			return feature{}, err
		}
		f.outputs = append(f.outputs, o)
	}
	return f, nil
}

func (st *storedTarget) load(task Task) (target, error) {
	t := target{name: st.Name, kind: st.Kind, negative: st.Negative, positive: st.Positive, rest: st.Rest, labels: st.Labels}
	var err error
	if t.scaling, err = st.storedScaling.load(st.Name); err != nil {
		return target{}, err
	}
	switch {
	case st.Name == "":
		return target{}, badStored("the target has no name")
	case task == TaskRegression:
		if st.Kind != Numeric || st.Negative != "" || st.Positive != "" || st.Rest || st.Labels != nil {
			return target{}, badStored("the target of a regression is numeric and has no labels")
		}
	case task == TaskClassification:
		if st.Labels != nil {
			return t, st.loadLabels(t.scaling)
		}
		if st.Negative == "" || st.Positive == "" || st.Negative == st.Positive {
			return target{}, badStored("a classification has two labels")
		}
		labels := []string{st.Positive}
		if !st.Rest {
			labels = append(labels, st.Negative)
		}
		if st.Kind == Numeric && slices.ContainsFunc(labels, notCanonical) {
			return target{}, badStored("the labels of the numeric target %s are not numbers", quote(st.Name))
		}
		if t.scaling != identity {
			return target{}, badStored("the target of a classification is not scaled")
		}
	default:
		return target{}, badStored("the task is neither regression nor classification")
	}
	return t, nil
}

// notCanonical reports whether l is not the text that a number is compared by.
func notCanonical(l string) bool {
	v, kind := parseNumber(l)
	return kind != finite || formatNumber(v) != l
}

func (s *storedScaling) load(column string) (scaling, error) {
	const lowest, highest = -1074, 1024 // the binary exponents of float64
	switch {
	case s.Mean == nil || s.Scale == nil:
		return scaling{}, badStored("column %s: mean or scale is absent", quote(column))
	case !(*s.Scale > 0) || math.IsInf(*s.Scale, 0) || math.IsNaN(*s.Mean) || math.IsInf(*s.Mean, 0):
		return scaling{}, badStored("column %s: mean must be finite, and scale finite and positive", quote(column))
	case s.Exponent < lowest || s.Exponent > highest:
		return scaling{}, badStored("column %s: exponent %d", quote(column), s.Exponent)
	}
	return scaling{mean: *s.Mean, scale: *s.Scale, exponent: s.Exponent}, nil
}
