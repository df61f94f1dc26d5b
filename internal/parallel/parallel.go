// Package parallel splits loops into fixed pieces that run on all processors.
//
// The pieces depend on the length of the loop alone, never on the number of
// processors, and no piece writes what another reads. A sum over pieces is
// merged in their order. Results therefore have the same bits for any
// GOMAXPROCS, which is a promise of the whole project.
package parallel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Chunks calls body(c, lo, hi) for the consecutive pieces [lo, hi) of [0, n)
// that hold size elements each (the last one may hold fewer), c counting the
// pieces from 0. It returns when all calls have returned. size must be positive.
func Chunks(n, size int, body func(c, lo, hi int)) {
	count := Count(n, size)
	workers := min(runtime.GOMAXPROCS(0), count)
	if workers <= 1 {
		alone(n, size, body)
		return
	}
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for {
				c := int(next.Add(1)) - 1
				if c >= count {
					return
				}
				body(c, c*size, min((c+1)*size, n))
			}
		})
	}
	wait.Wait()
}

// worthwhile is the number of floating-point operations that take a few times as long
// as to start goroutines and to wait for them.
const worthwhile = 5e5

// Work is [Chunks] for about so many floating-point operations in all: a little
// work is done by the caller.
func Work(operations float64, n, size int, body func(c, lo, hi int)) {
	if operations >= worthwhile {
		Chunks(n, size, body)
		return
	}
	alone(n, size, body)
}

// alone is Chunks without other goroutines.
func alone(n, size int, body func(c, lo, hi int)) {
	for c := range Count(n, size) {
		body(c, c*size, min((c+1)*size, n))
	}
}

// Count returns the number of pieces that [Chunks] makes.
func Count(n, size int) int { return (n + size - 1) / size }

// For calls body(i) for each i in [0, n), in no particular order.
func For(n int, body func(i int)) {
	Chunks(n, 1, func(_, i, _ int) { body(i) })
}
