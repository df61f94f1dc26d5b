package main

import (
	"os"
	"syscall"
)

// peak returns the most bytes that an ended process had in memory.
func peak(p *os.ProcessState) float64 {
	const unit = 1024 // of Maxrss on Linux
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return unit * float64(usage.Maxrss)
	}
	return 0
}
