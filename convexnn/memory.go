package convexnn

import "fmt"

// EstimateMemory returns about how many bytes [Train] takes for n samples, d
// dimensions and the given number of patterns. Most of it is the state of the
// cone constraints, 16 n P bytes and half as much again while it goes over from
// float32 to float64, and up to 4,000 samples the n x n matrices of
// the weight update and of the second phase. It allows for the garbage that Go
// keeps while it works.
func EstimateMemory(n, d, patterns int, model Model) float64 {
	const (
		word        = 8
		garbage     = 2
		workingSet  = 500 // blocks of the second phase, at most as a rule
		workingRows = 16  // arrays of n numbers for each of them
	)
	blocks := float64(patterns)
	cones := 0.0
	if model == ReLU {
		blocks *= 2
		cones = blocks * float64(n)
	}
	inner := float64(min(n, d)) // wide data are solved in their row space
	weights := 10*blocks*inner + 2*blocks*float64(d)
	square := 256 * float64(n) // columns of the preconditioner
	if n <= defaultDirectLimit {
		square = 6 * float64(n) * float64(n)
		weights += workingRows * min(blocks, workingSet) * float64(n)
	}
	data := 6*float64(n)*float64(d) + 2*inner*inner
	bits := 2 * float64(patterns) * float64(n/64+1)
	return garbage * word * (cones + weights + square + data + bits)
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
