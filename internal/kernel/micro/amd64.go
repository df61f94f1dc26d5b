//go:build amd64 && !noasm

package micro

import "golang.org/x/sys/cpu"

func hasAVX2() bool { return cpu.X86.HasAVX2 && cpu.X86.HasFMA }

func hasAVX512() bool {
	return hasAVX2() && cpu.X86.HasAVX512F && cpu.X86.HasAVX512DQ && cpu.X86.HasBMI2
}

func assembly64() (list []*Kernels[float64]) {
	if hasAVX2() {
		list = append(list, &Kernels[float64]{
			Name: "avx2", Width: 8, Rows: 6, Lanes: 8,
			MulN: mulNAVX2x64, MulT: mulTAVX2x64, Forward: forwardAVX2x64, Expand: expandAVX2x64, Cone: coneAVX2x64,
			Weigh: weighAVX2x64, Choose: chooseAVX2x64, Dot: dotAVX2x64, Axpy: axpyAVX2x64, Dots: dotsAVX2x64, Peak: peakAVX2x64,
		})
	}
	if hasAVX512() {
		list = append(list, &Kernels[float64]{
			Name: "avx512", Width: 24, Rows: 8, Lanes: 8,
			MulN: mulNAVX512x64, MulT: mulTAVX512x64, Forward: forwardAVX512x64, Expand: expandAVX512x64, Cone: coneAVX512x64,
			Weigh: weighAVX512x64, Choose: chooseAVX512x64, Dot: dotAVX512x64, Axpy: axpyAVX512x64, Dots: dotsAVX512x64, Peak: peakAVX512x64,
		})
	}
	return list
}

func assembly32() (list []*Kernels[float32]) {
	if hasAVX2() {
		list = append(list, &Kernels[float32]{
			Name: "avx2", Width: 16, Rows: 6, Lanes: 16,
			MulN: mulNAVX2x32, MulT: mulTAVX2x32, Forward: forwardAVX2x32, Expand: expandAVX2x32, Cone: coneAVX2x32,
			Weigh: weighAVX2x32, Choose: chooseAVX2x32, Dot: dotAVX2x32, Axpy: axpyAVX2x32, Dots: dotsAVX2x32, Peak: peakAVX2x32,
		})
	}
	if hasAVX512() {
		list = append(list, &Kernels[float32]{
			Name: "avx512", Width: 48, Rows: 8, Lanes: 16,
			MulN: mulNAVX512x32, MulT: mulTAVX512x32, Forward: forwardAVX512x32, Expand: expandAVX512x32, Cone: coneAVX512x32,
			Weigh: weighAVX512x32, Choose: chooseAVX512x32, Dot: dotAVX512x32, Axpy: axpyAVX512x32, Dots: dotsAVX512x32, Peak: peakAVX512x32,
		})
	}
	return list
}
