package conic

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// ErrFormat is wrapped by the errors of [ReadSDPA], with the line, and of
// [Problem.WriteSDPA], for what the format cannot say.
var ErrFormat = errors.New("conic: SDPA format")

// mostCoordinates is the largest problem that [ReadSDPA] takes: 128 MiB for a vector.
const mostCoordinates = 1 << 24

// ReadSDPA reads a problem in the sparse SDPA format (.dat-s) of Fujisawa, Kojima, Nakata
// and Yamashita. A file states symmetric matrices F_0, F_1, ..., F_m and numbers c_i, and
// with them the pair
//
//	(P)  minimise sum c_i x_i   subject to  X = sum F_i x_i - F_0,  X psd
//	(D)  maximise <F_0, Y>      subject to  <F_i, Y> = c_i,  Y psd.
//
// The problem returned is (D) with C = -F_0, A of the rows F_i and B = c: its minimum is
// minus the common optimum of (P) and (D), its y is -x, its slack X. A block of matrices
// is a semidefinite cone, a diagonal one (a negative size) a non-negative cone.
func ReadSDPA(r io.Reader) (*Problem, error) {
	in := &sdpaReader{r: bufio.NewReader(r)}
	m, err := in.count("the number of equations")
	if err != nil {
		return nil, err
	}
	blocks, err := in.count("the number of blocks")
	if err != nil {
		return nil, err
	}
	p := &Problem{}
	start := []int{0}
	for range blocks {
		word, err := in.word("the size of a block")
		if err != nil {
			return nil, err
		}
		size, err := strconv.Atoi(word)
		if err != nil || size == 0 {
			return nil, in.fail("the size of a block is %q, not a whole number other than zero", word)
		}
		if size > mostCoordinates || size < -mostCoordinates {
			return nil, in.fail("a block of order %d is too large", size)
		}
		cone := Cone{Semidefinite, size}
		if size < 0 {
			cone = Cone{NonNegative, -size}
		}
		p.Cones = append(p.Cones, cone)
		start = append(start, start[len(start)-1]+cone.Dim())
		if start[len(start)-1] > mostCoordinates {
			return nil, in.fail("the blocks have more than %d entries", mostCoordinates)
		}
	}
	in.rest = nil // a comment may follow
	for i := range m {
		v, err := in.number(fmt.Sprintf("c[%d]", i+1))
		if err != nil {
			return nil, err
		}
		p.B = append(p.B, v)
	}
	if len(in.rest) > 0 {
		if _, err := strconv.ParseFloat(in.rest[0], 64); err == nil {
			return nil, in.fail("more than %d numbers for c, which has one for each equation", m)
		}
	}
	in.rest = nil // a comment
	p.C = make([]float64, start[len(start)-1])
	a := NewBuilder(m, len(p.C))
	if err := in.entries(p, start, a); err != nil {
		return nil, err
	}
	p.A = a.Matrix()
	return p, nil
}

type sdpaReader struct {
	r    *bufio.Reader
	line int
	rest []string // words of the line
	end  bool
}

func (in *sdpaReader) fail(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrFormat, in.line, fmt.Sprintf(format, args...))
}

// next reads the next line that is neither empty nor a comment, and reports whether
// there is one.
func (in *sdpaReader) next() (bool, error) {
	for !in.end {
		text, err := in.r.ReadString('\n')
		in.line++
		if err == io.EOF {
			in.end = true
		} else if err != nil {
			return false, fmt.Errorf("conic: line %d: %w", in.line, err)
		}
		if strings.HasPrefix(text, "*") || strings.HasPrefix(text, `"`) {
			continue
		}
		in.rest = strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,{}()", r) })
		if len(in.rest) > 0 {
			return true, nil
		}
	}
	return false, nil
}

func (in *sdpaReader) word(what string) (string, error) {
	if len(in.rest) == 0 {
		if ok, err := in.next(); err != nil {
			return "", err
		} else if !ok {
			return "", in.fail("the file ends before %s", what)
		}
	}
	word := in.rest[0]
	in.rest = in.rest[1:]
	return word, nil
}

// count reads a line that begins with a count; a comment may follow.
func (in *sdpaReader) count(what string) (int, error) {
	word, err := in.word(what)
	if err != nil {
		return 0, err
	}
	in.rest = nil
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 || n > mostCoordinates {
		return 0, in.fail("%s is %q, not a whole number from 0 to %d", what, word, mostCoordinates)
	}
	return n, nil
}

func (in *sdpaReader) number(what string) (float64, error) {
	word, err := in.word(what)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseFloat(word, 64)
	if err != nil || !finite(v) {
		return 0, in.fail("%s is %q, not a finite number", what, word)
	}
	return v, nil
}

// entries reads lines of the number of a matrix, of a block, a row, a column, a value.
func (in *sdpaReader) entries(p *Problem, start []int, a *Builder) error {
	type place struct{ matrix, coordinate int }
	seen := map[place]bool{}
	for {
		if ok, err := in.next(); err != nil || !ok {
			return err
		}
		if len(in.rest) != 5 {
			return in.fail("%d words; an entry is a matrix, a block, a row, a column and a value", len(in.rest))
		}
		var at [4]int
		for k, most := range [4]int{len(p.B), len(p.Cones), math.MaxInt, math.MaxInt} {
			v, err := strconv.Atoi(in.rest[k])
			if least := min(k, 1); err != nil || v < least || v > most {
				return in.fail("word %d is %q, not a whole number from %d to %d", k+1, in.rest[k], least, most)
			}
			at[k] = v
		}
		in.rest = in.rest[4:]
		v, err := in.number("the value")
		if err != nil {
			return err
		}
		c, i, j := p.Cones[at[1]-1], at[2]-1, at[3]-1
		if i >= c.Size || j >= c.Size || c.Kind == NonNegative && i != j {
			return in.fail("there is no entry (%d, %d) in block %d, a %v cone of size %d", at[2], at[3], at[1], c.Kind, c.Size)
		}
		coordinate := start[at[1]-1] + i
		if c.Kind == Semidefinite {
			coordinate = start[at[1]-1] + SvecIndex(c.Size, i, j)
			if i != j {
				v *= math.Sqrt2
			}
			if !finite(v) {
				return in.fail("the value is not a finite number when it is scaled by the root of two")
			}
		}
		if seen[place{at[0], coordinate}] {
			return in.fail("entry (%d, %d) of block %d of matrix %d is given twice; the format has one triangle", at[2], at[3], at[1], at[0])
		}
		seen[place{at[0], coordinate}] = true
		if at[0] == 0 {
			p.C[coordinate] = -v
		} else {
			a.Add(at[0]-1, coordinate, v)
		}
	}
}
