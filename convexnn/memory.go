package convexnn

import "fmt"

// EstimateMemory returns the bytes that [Train] needs at most, about, for n
// samples, d dimensions and the given number of patterns. Most of it is the
// state of the cone constraints, 16 n P bytes, and the n x n matrices of the
// weight update.
func EstimateMemory(n, d, patterns int, model Model) float64 {
	const word = 8
	blocks := float64(patterns)
	cones := 0.0
	if model == ReLU {
		blocks *= 2
		cones = blocks * float64(n)
	}
	weights := 16 * blocks * float64(d)         // iterates, copies, multipliers, scratch, the incumbent
	square := 4 * float64(n) * float64(n)       // Gram matrix, its factor, the Schur complement, its parts
	bits := 2 * float64(patterns*(n/64+1))      // patterns, and by sample
	gates := 2 * float64(patterns) * float64(d) // witnesses
	return word * (cones + weights + square + bits + gates + 4*float64(n*d))
}

// FormatBytes writes a number of bytes for people, such as "1.5 GiB".
func FormatBytes(bytes float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}
	k := 0
	for bytes >= 1024 && k < len(units)-1 {
		bytes /= 1024
		k++
	}
	if k == 0 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	return fmt.Sprintf("%.1f %s", bytes, units[k])
}
