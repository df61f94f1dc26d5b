package pricing

// A crossing is a sample and the length of a step to its hyperplane.
type crossing struct {
	length float64
	sample int
}

func (c crossing) before(d crossing) bool {
	return c.length < d.length || c.length == d.length && c.sample < d.sample
}

// heapify makes a heap of h, the first crossing on top.
func heapify(h []crossing) {
	for k := len(h)/2 - 1; k >= 0; k-- {
		sink(h, k)
	}
}

// popped returns the heap without its top.
func popped(h []crossing) []crossing {
	last := len(h) - 1
	h[0] = h[last]
	sink(h[:last], 0)
	return h[:last]
}

func sink(h []crossing, k int) {
	for {
		c := 2*k + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && h[c+1].before(h[c]) {
			c++
		}
		if !h[c].before(h[k]) {
			return
		}
		h[k], h[c] = h[c], h[k]
		k = c
	}
}
