package main

import (
	"fmt"
	"math"

	"github.com/convexnn/convexnn/convexnn"
)

// A sighting is the lowest objective that a training saw, at any checkpoint.
type sighting struct {
	method    string // and the setting, in words
	objective float64
}

// A floor is what is known of the least objective of networks of any width.
type floor struct {
	certificate convexnn.Certificate  // what is proved
	estimate    *convexnn.Certificate // what local search suggests beyond that, unless it was refuted
	tolerance   float64               // of the gap, up to which the proof is good enough

	refuted     *convexnn.Certificate // the estimate that a network was found below
	refuter     sighting
	refutations int // trainings that saw one
}

// rounding is the relative difference that two ways to compute an objective may make.
const rounding = 1e-9

// judge compares the bounds with everything that was seen. A network below a proved
// bound is an error of this program, which the error says; one below an estimate refutes
// it, and the estimate is withdrawn.
func (f *floor) judge(seen []sighting) error {
	proved := f.certificate.LowerBound
	for _, s := range seen {
		if s.objective < proved*(1-rounding) {
			return fmt.Errorf("%s found a network with the objective %.12g, below the bound %.12g that is said to be proved for all networks: "+
				"this is a bug of convexnn, and no result of this run can be trusted; please report it with the data and the command", s.method, s.objective, proved)
		}
	}
	if f.estimate == nil {
		return nil
	}
	estimated := f.estimate.LowerBound
	for _, s := range seen {
		if s.objective < estimated*(1-rounding) {
			f.refutations++
			if f.refutations == 1 || s.objective < f.refuter.objective {
				f.refuter = s
			}
		}
	}
	if f.refutations > 0 {
		f.refuted, f.estimate = f.estimate, nil
	}
	return nil
}

// bound is the lower bound to show: the proved one where it is good enough, else the
// estimate if there is one.
func (f *floor) bound() (value float64, estimated bool) {
	if f.estimate != nil && f.certificate.RelativeGap > f.tolerance {
		return f.estimate.LowerBound, true
	}
	return f.certificate.LowerBound, false
}

// gap is the relative gap of an objective to the bound, NaN where there is none.
func (f *floor) gap(objective float64) float64 {
	value, _ := f.bound()
	if math.IsNaN(objective) || (value <= 0 && objective > 0) {
		return math.NaN()
	}
	if objective <= 0 {
		return 0
	}
	return max(0, (objective-value)/objective)
}

// notice tells of an estimate that was refuted, empty if none was.
func (f *floor) notice() string {
	if f.refuted == nil {
		return ""
	}
	return fmt.Sprintf("the estimated lower bound ~%.6g was too high and is withdrawn: %s found a network with the objective %.6g; gaps are to what is proved",
		f.refuted.LowerBound, f.refuter.method, f.refuter.objective)
}
