package micro_test

import (
	"fmt"
	"testing"

	"github.com/convexnn/convexnn/internal/kernel/micro"
)

// Data in cache: GFLOP/s of the products of a tile's height.
func BenchmarkTiles(b *testing.B) {
	for _, m := range micro.Versions64() {
		for _, k := range []int{10, 31, 100} {
			rows := 10 * m.Rows
			a, panel := make([]float64, rows*k), make([]float64, k*m.Width)
			c, masks, sums := make([]float64, rows*m.Width), make([]byte, rows*m.Width/8), make([]float64, rows*m.Lanes)
			flops := 2 * float64(rows*k*m.Width)
			run := func(name string, f func()) {
				b.Run(fmt.Sprintf("%s/%s/k=%d", m.Name, name, k), func(b *testing.B) {
					for range b.N {
						f()
					}
					b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
				})
			}
			run("MulN", func() { m.MulN(rows, k, &a[0], k, &panel[0], &c[0], m.Width, true) })
			run("MulT", func() { m.MulT(m.Rows*10, k, &a[0], rows, &panel[0], &c[0], m.Width, true) })
			run("Peak", func() { m.Peak(k * 10) })
			run("Forward", func() { m.Forward(rows, k, &a[0], k, &panel[0], &masks[0], &sums[0]) })
		}
	}
}
