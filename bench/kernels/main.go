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
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"time"

	"github.com/convexnn/convexnn/bench/internal/table"
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
	out := table.New(os.Stdout, "kernel", "size", "threads", "GFLOP/s", "share of peak", "gonum", "times gonum")
	for _, threads := range []int{1, 2} {
		if threads > runtime.NumCPU() {
			break
		}
		runtime.GOMAXPROCS(threads)
		for _, c := range cases(*quick) {
			r := c.measure(*reps, threads)
			out.Row(r.Kernel, r.Size, r.Threads, r.GFLOPS, fmt.Sprintf("%.0f %%", 100*r.GFLOPS/r.Peak), r.Gonum, r.GFLOPS/r.Gonum)
			rows = append(rows, r)
		}
	}
	fmt.Printf("\nKernels: %s. Medians of %d runs.\n", micro.Float64().Name, *reps)
	if *file != "" {
		if err := table.WriteJSON(*file, rows); err != nil {
			log.Fatal(err)
		}
	}
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
	for range reps {
		times[0] = append(times[0], seconds(ours))
		times[1] = append(times[1], seconds(gonum))
		times[2] = append(times[2], peakRate(threads))
	}
	return Row{
		Kernel: b.kernel, Size: b.size, Threads: threads, Version: micro.Float64().Name,
		GFLOPS: b.flops / table.Median(times[0]) / 1e9, Gonum: b.flops / table.Median(times[1]) / 1e9, Peak: table.Median(times[2]),
	}
}

// seconds is how long a call takes.
func seconds(f func()) float64 {
	s, _ := table.Seconds(func() error { // there is no error
		f()
		return nil
	})
	return s
}

// peakRate is the GFLOP/s of all threads together without memory.
func peakRate(threads int) float64 {
	m := micro.Float64()
	const steps, pieces = 200_000, 4
	start := time.Now()
	parallel.For(threads*pieces, func(int) { m.Peak(steps) })
	return 2 * float64(m.Rows*m.Width) * steps * pieces * float64(threads) / time.Since(start).Seconds() / 1e9
}
