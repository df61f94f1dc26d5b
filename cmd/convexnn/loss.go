package main

import (
	"fmt"
	"math"

	"github.com/spf13/pflag"

	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// settleLoss reads the loss, and refuses flags that do not go with those of classifiers,
// which are about two classes and all patterns.
func (f *trainFlags) settleLoss(flags *pflag.FlagSet) (err error) {
	if f.loss, err = convexnn.ParseLoss(f.lossName); err != nil {
		return usagef("--loss %q is none of squared, hinge and hard-margin", f.lossName)
	}
	if f.loss == convexnn.Squared {
		return nil
	}
	switch {
	case f.mode == convexnn.Sampled:
		return usagef("--loss %v trains over all networks, and --mode sampled, which --patterns, --sampler, --gates and --model gated mean, is for the squared loss", f.loss)
	case f.intercept:
		return usagef("--loss %v takes no --intercept; --bias hidden gives neurons a bias", f.loss)
	case flags.Changed("targets"):
		return usagef("--loss %v tells two classes apart, and --targets are numbers", f.loss)
	case f.fit.task == datasets.TaskRegression:
		return usagef("--loss %v tells two classes apart, and the task is regression", f.loss)
	case f.loss == convexnn.HardMargin && (flags.Changed("beta") || flags.Changed("beta-ratio")):
		return usagef("--loss hard-margin has no --beta: it asks for a margin of all rows, and --loss hinge weighs it against the weight decay")
	}
	f.fit.task = datasets.TaskClassification
	return nil
}

// twoClasses refuses data of more classes for the losses that tell two apart.
func (f *trainFlags) twoClasses(e encoding) error {
	if f.loss == convexnn.Squared || e.Outputs() == 1 {
		return nil
	}
	return usagef("target %s has %d classes, and --loss %v tells two apart; choose one with --positive LABEL", e.TargetName(), e.Outputs(), f.loss)
}

// objectiveText is the objective, and what it is made of.
func (t *training) objectiveText() string {
	r := t.result
	switch {
	case math.IsInf(r.Objective, 1):
		return "none: no network that separates the training rows was found"
	case r.Loss == convexnn.HardMargin:
		return fmt.Sprintf("%.6g, the sum of |u||alpha| at margin 1: the margin is %.6g at sum 1", r.Objective, 1/r.Objective)
	case r.Loss == convexnn.Hinge:
		const rounding = 1e-12
		loss := r.TrainingLoss
		if loss < rounding*r.Objective {
			loss = 0
		}
		return fmt.Sprintf("%.6g, of which the hinge loss is %.4g", r.Objective, loss)
	case !t.data.standardized():
		return fmt.Sprintf("%.6g", r.Objective)
	case t.outputs != nil:
		return fmt.Sprintf("%.6g, in standardised units of the targets", r.Objective)
	}
	return fmt.Sprintf("%.6g, in standardised units of the target", r.Objective)
}

// shorter is how a training that found nothing in time could find something sooner.
func (t *training) shorter() string {
	switch {
	case t.outputs != nil || t.flags.loss != convexnn.Squared:
		return "give more time"
	case t.result.Mode != convexnn.Sampled:
		return "give more time, or use --mode sampled"
	}
	return "give more time, or fewer --patterns"
}
