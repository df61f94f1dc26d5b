package conic

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// WriteSDPA writes the problem in the sparse SDPA format, as the dual (D) of [ReadSDPA]:
// the optimum that another solver prints is minus the minimum. What the format lacks is
// rewritten: a free coordinate is a difference of two non-negative ones, zero coordinates
// are left out, and a second-order cone (t, z) is a semidefinite block
// [t z'; z tI] with equations for its form, which follow those of A. It has no quadratic
// part: a problem with a Q is an error that wraps [ErrFormat].
func (p *Problem) WriteSDPA(w io.Writer) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Q.count() > 0 {
		return fmt.Errorf("%w: it has no quadratic part; bound it by a second-order or semidefinite cone", ErrFormat)
	}
	out := &sdpaWriter{places: make([][]sdpaPlace, 0, len(p.C)), b: slices.Clone(p.B)}
	for _, c := range p.Cones {
		out.cone(c)
	}
	buffer := bufio.NewWriter(w)
	fmt.Fprintf(buffer, "* %v\n", p)
	fmt.Fprintln(buffer, "* minimise <C, x>, Ax = b: the dual of the format, F0 = -C; optima have the other sign")
	fmt.Fprintf(buffer, "%d\n%d\n%s\n", len(out.b), len(out.sizes), strings.Join(out.sizes, " "))
	for i, v := range out.b {
		if i > 0 {
			buffer.WriteByte(' ')
		}
		buffer.WriteString(exact(v))
	}
	buffer.WriteByte('\n')
	for j, v := range p.C {
		out.write(buffer, 0, j, -v)
	}
	rows := p.A.transpose()
	if rows != nil {
		for i := range rows.cols {
			for k := rows.start[i]; k < rows.start[i+1]; k++ {
				out.write(buffer, i+1, rows.row[k], rows.val[k])
			}
		}
	}
	for _, line := range out.form {
		fmt.Fprintln(buffer, line)
	}
	return buffer.Flush()
}

// An sdpaPlace is an entry of a block, and by what a coefficient is multiplied there.
type sdpaPlace struct {
	block, i, j int
	scale       float64
}

type sdpaWriter struct {
	places [][]sdpaPlace // of each coordinate
	sizes  []string
	b      []float64 // of A, then of the forms of second-order cones
	form   []string  // entries of these
}

func (s *sdpaWriter) block(size int) int {
	s.sizes = append(s.sizes, strconv.Itoa(size))
	return len(s.sizes)
}

// cone adds the block of a cone and the places of its coordinates.
func (s *sdpaWriter) cone(c Cone) {
	if c.Size == 0 {
		return
	}
	add := func(places ...sdpaPlace) { s.places = append(s.places, places) }
	switch c.Kind {
	case Zero:
		for range c.Size {
			add()
		}
	case Free:
		b := s.block(-2 * c.Size)
		for j := range c.Size {
			add(sdpaPlace{b, 2*j + 1, 2*j + 1, 1}, sdpaPlace{b, 2*j + 2, 2*j + 2, -1})
		}
	case NonNegative:
		b := s.block(-c.Size)
		for j := range c.Size {
			add(sdpaPlace{b, j + 1, j + 1, 1})
		}
	case SecondOrder:
		b := s.block(c.Size)
		add(sdpaPlace{b, 1, 1, 1})
		for j := 1; j < c.Size; j++ {
			add(sdpaPlace{b, 1, j + 1, 0.5})
		}
		s.arrow(b, c.Size)
	case Semidefinite:
		b := s.block(c.Size)
		for j := range c.Size {
			add(sdpaPlace{b, j + 1, j + 1, 1})
			for i := j + 1; i < c.Size; i++ {
				add(sdpaPlace{b, j + 1, i + 1, 1 / math.Sqrt2})
			}
		}
	}
}

// arrow adds the equations of a block [t z'; z tI].
func (s *sdpaWriter) arrow(block, size int) {
	equation := func(entries ...string) {
		s.b = append(s.b, 0)
		for _, e := range entries {
			s.form = append(s.form, fmt.Sprintf("%d %d %s", len(s.b), block, e))
		}
	}
	for i := 2; i <= size; i++ {
		equation("1 1 -1", fmt.Sprintf("%d %d 1", i, i))
		for j := i + 1; j <= size; j++ {
			equation(fmt.Sprintf("%d %d 1", i, j))
		}
	}
}

func (s *sdpaWriter) write(w io.Writer, matrix, coordinate int, v float64) {
	if v == 0 {
		return
	}
	for _, p := range s.places[coordinate] {
		fmt.Fprintf(w, "%d %d %d %d %s\n", matrix, p.block, p.i, p.j, exact(v*p.scale))
	}
}

// exact writes a number so that it is read back with the same bits.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
