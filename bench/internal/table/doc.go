// Package table holds what the benches share: rows of Markdown that are printed as
// they come, medians, growth from one size to the next, and files of figures.
package table
