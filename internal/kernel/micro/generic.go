package micro

import "unsafe"

const genericWidth = 8

// generic returns the version in Go.
func generic[T Float]() *Kernels[T] {
	return &Kernels[T]{
		Name: "generic", Width: genericWidth, Rows: 4, Lanes: genericWidth,
		MulN: mulN[T], MulT: mulT[T], Forward: forward[T], Expand: expand[T], Cone: cone[T],
		Weigh: weigh[T], Choose: choosing[T], Dot: dot[T], Axpy: axpy[T], Dots: dots[T], Peak: peak[T],
	}
}

// span returns the n numbers from p on.
func span[T any](p *T, n int) []T { return unsafe.Slice(p, n) }

func mulN[T Float](rows, k int, a *T, lda int, panel, c *T, ldc int, add bool) {
	from, to := span(a, (rows-1)*lda+k), span(c, (rows-1)*ldc+genericWidth)
	for r := range rows {
		row := from[r*lda : r*lda+k]
		sums := row8(row, panel)
		finish(to[r*ldc:], &sums, add)
	}
}

func mulT[T Float](rows, k int, a *T, lda int, panel, c *T, ldc int, add bool) {
	from, p, to := span(a, (k-1)*lda+rows), span(panel, k*genericWidth), span(c, (rows-1)*ldc+genericWidth)
	for r := range rows {
		var sums [genericWidth]T
		for l := range k {
			fused(&sums, from[l*lda+r], p[l*genericWidth:])
		}
		finish(to[r*ldc:], &sums, add)
	}
}

// row8 returns the product of a row with a panel.
func row8[T Float](row []T, panel *T) (sums [genericWidth]T) {
	p := span(panel, len(row)*genericWidth)
	for l, v := range row {
		fused(&sums, v, p[l*genericWidth:])
	}
	return sums
}

// fused adds v times the next row of a panel to the sums.
func fused[T Float](sums *[genericWidth]T, v T, p []T) {
	row := (*[genericWidth]T)(p)
	sums[0] += v * row[0]
	sums[1] += v * row[1]
	sums[2] += v * row[2]
	sums[3] += v * row[3]
	sums[4] += v * row[4]
	sums[5] += v * row[5]
	sums[6] += v * row[6]
	sums[7] += v * row[7]
}

func finish[T Float](dst []T, sums *[genericWidth]T, add bool) {
	dst = dst[:genericWidth]
	if !add {
		copy(dst, sums[:])
		return
	}
	for j, v := range sums {
		dst[j] += v
	}
}

func forward[T Float](rows, k int, a *T, lda int, panel *T, masks *byte, sums *T) {
	from, bits, to := span(a, (rows-1)*lda+k), span(masks, rows), span(sums, rows*genericWidth)
	for r := range rows {
		product := row8(from[r*lda:r*lda+k], panel)
		for j, v := range product {
			if bits[r]>>j&1 != 0 {
				to[r*genericWidth+j] += v
			}
		}
	}
}

func expand[T Float](rows int, masks *byte, r, panel *T) {
	bits, from, to := span(masks, rows), span(r, rows), span(panel, rows*genericWidth)
	for i, b := range bits {
		for j := range genericWidth {
			to[i*genericWidth+j] = 0
			if b>>j&1 != 0 {
				to[i*genericWidth+j] = from[i]
			}
		}
	}
}

func weigh[T Float](rows int, r, panel, dst *T) {
	weights, from, to := span(r, rows), span(panel, rows*genericWidth), span(dst, rows*genericWidth)
	for at := range to {
		to[at] = weights[at/genericWidth] * from[at]
	}
}

func choosing[T Float](rows int, mask *byte, panel, dst *T) {
	from, to := span(panel, rows*genericWidth), span(dst, rows*genericWidth)
	for at := range to {
		to[at] = 0
		if *mask>>(at%genericWidth)&1 != 0 {
			to[at] = from[at]
		}
	}
}

func cone[T Float](rows int, masks *byte, z, w, params, sums *T) {
	bits, state, weights := span(masks, rows), span(z, rows*genericWidth), span(w, rows*genericWidth)
	p, sum := span(params, 4), (*[5][genericWidth]T)(unsafe.Pointer(sums))
	alpha, rest, tiny := p[0], p[1], p[2]
	for i, b := range bits {
		for j := range genericWidth {
			sign := T(b>>j&1)*2 - 1
			at := i*genericWidth + j
			v := weights[at] * sign
			// Comparisons instead of min and max, which order NaN and signed zeros and
			// take twice as long.
			old, t := state[at], state[at]
			if old < 0 {
				old = 0
			} else {
				t = rest * old
			}
			t += alpha * v
			if t < tiny && t > -tiny {
				t = 0
			}
			state[at] = t
			s := t
			if t < 0 {
				s, t = 0, -t
			}
			sum[0][j] += (v - s) * (v - s)
			sum[1][j] += (s - old) * (s - old)
			sum[2][j] += v * v
			sum[3][j] += s * s
			sum[4][j] += (t - s) * (t - s)
			weights[at] = sign * t
		}
	}
}

func dot[T Float](n int, x, y *T) T {
	if n == 0 {
		return 0
	}
	a, b := span(x, n), span(y, n)
	var sums [4]T
	l := 0
	for ; l+4 <= n; l += 4 {
		p, q := (*[4]T)(a[l:]), (*[4]T)(b[l:])
		sums[0] += p[0] * q[0]
		sums[1] += p[1] * q[1]
		sums[2] += p[2] * q[2]
		sums[3] += p[3] * q[3]
	}
	sum := sums[0] + sums[1] + (sums[2] + sums[3])
	for ; l < n; l++ {
		sum += a[l] * b[l]
	}
	return sum
}

func axpy[T Float](n int, alpha T, x, y *T) {
	if n == 0 {
		return
	}
	to := span(y, n)
	for l, v := range span(x, n) {
		to[l] += alpha * v
	}
}

func dots[T Float](rows, n int, a *T, lda int, x, y *T) {
	to := span(y, rows)
	if n == 0 {
		clear(to)
		return
	}
	from := span(a, (rows-1)*lda+n)
	for r := range rows {
		to[r] = dot(n, &from[r*lda], x)
	}
}

func peak[T Float](n int) {
	var sums [4][genericWidth]T
	row := make([]T, genericWidth)
	for range n {
		for r := range sums {
			fused(&sums[r], 0, row)
		}
	}
}
