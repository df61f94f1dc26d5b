// Package prune makes networks smaller without raising their objective. It sees what
// each neuron adds to the predictions, its fit a_j, and its term p_j of the penalty, and
// knows neither data nor weights:
//
//	1/2 |sum_j c_j a_j - y|^2 + beta sum_j c_j p_j,   c_j >= 0.
//
// Fits of networks with several outputs are matrices, written as vectors.
package prune
