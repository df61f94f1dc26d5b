// Package metrics measures predictions against known targets, and objectives against
// bounds.
//
// A measure that its data do not define, such as R2 of a constant target or the
// area under the ROC curve of one class, is NaN. No input makes a function
// panic but slices of unequal length, and numbers up to the largest float64 do
// not overflow where the measure itself does not.
package metrics
