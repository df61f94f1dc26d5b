//go:build !amd64 || noasm

package micro

func assembly64() []*Kernels[float64] { return nil }

func assembly32() []*Kernels[float32] { return nil }
