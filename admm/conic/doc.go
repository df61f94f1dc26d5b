// Package conic solves linear and quadratic programs over cones by the alternating
// direction method of multipliers.
package conic
