// Command kernels times the products of a solve against the same written with
// gonum, and against what the processor could do at most, all in one run.
//
//	go run ./bench/kernels                        a few minutes
//	go run ./bench/kernels -quick                 a smoke test
//	CONVEXNN_KERNEL=avx2 go run ./bench/kernels   as on a processor without AVX-512
//
// Patterns are 1[Xg >= 0] for Gaussian g. gonum's versions work on pieces that fit in
// the cache: a product by Dgemm, then a loop over the bits. They ran the solver before
// it had kernels of its own. The peak is that of multiplications and additions that
// need no memory, on as many threads.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/convexnn/convexnn/internal/kernel/micro"
	"github.com/convexnn/convexnn/internal/parallel"
)

// A Row is one line of the table.
type Row struct {
	Kernel  string
	Size    string
	Threads int
	Version string
	GFLOPS  float64 // of ours
	Peak    float64 // of the processor, in the same unit
	Gonum   float64 // of gonum's version, in the same unit
}

func main() {
	log.SetFlags(0)
	quick := flag.Bool("quick", false, "a smoke test: small sizes")
	reps := flag.Int("reps", 5, "repetitions, of which the median counts")
	file := flag.String("json", "", "file to write all figures to")
	flag.Parse()
	if *reps < 1 {
		log.Fatalf("-reps is %d, want at least 1", *reps)
	}
	var rows []Row
	fmt.Print("| kernel | size | threads | GFLOP/s | share of peak | gonum | times gonum |\n|---|---|---|---|---|---|---|\n")
	for _, threads := range []int{1, 2} {
		if threads > runtime.NumCPU() {
			break
		}
		runtime.GOMAXPROCS(threads)
		for _, c := range cases(*quick) {
			r := c.measure(*reps, threads)
			fmt.Printf("| %s | %s | %d | %.1f | %.0f %% | %.1f | %.1f |\n", r.Kernel, r.Size, r.Threads, r.GFLOPS, 100*r.GFLOPS/r.Peak, r.Gonum, r.GFLOPS/r.Gonum)
			rows = append(rows, r)
		}
	}
	fmt.Printf("\nKernels: %s. Medians of %d runs.\n", micro.Float64().Name, *reps)
	if *file != "" {
		if err := write(*file, rows); err != nil {
			log.Fatal(err)
		}
	}
}

func write(file string, rows []Row) error {
	data, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o666)
}

// A bench is one line to be measured.
type bench struct {
	kernel, size string
	flops        float64
	// prepare makes the data and returns both sides.
	prepare func() (ours, gonum func())
}

// measure runs ours, gonum's and the peak in turn, so that what else the machine
// does meets all three.
func (b bench) measure(reps, threads int) Row {
	ours, gonum := b.prepare()
	ours() // for the caches and the memory
	var times [3][]float64
	calls := 1
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; calls++ { // at least as long as a clock can tell
		ours()
	}
	for range reps {
		times[0] = append(times[0], seconds(ours, calls))
		times[1] = append(times[1], seconds(gonum, max(1, calls/8)))
		times[2] = append(times[2], peakRate(threads))
	}
	return Row{
		Kernel: b.kernel, Size: b.size, Threads: threads, Version: micro.Float64().Name,
		GFLOPS: b.flops / median(times[0]) / 1e9, Gonum: b.flops / median(times[1]) / 1e9, Peak: median(times[2]),
	}
}

// seconds is how long one of several calls takes.
func seconds(f func(), calls int) float64 {
	start := time.Now()
	for range calls {
		f()
	}
	return time.Since(start).Seconds() / float64(calls)
}

// peakRate is the GFLOP/s of all threads together without memory.
func peakRate(threads int) float64 {
	m := micro.Float64()
	const steps, pieces = 200_000, 4
	start := time.Now()
	parallel.For(threads*pieces, func(int) { m.Peak(steps) })
	return 2 * float64(m.Rows*m.Width) * steps * pieces * float64(threads) / time.Since(start).Seconds() / 1e9
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
