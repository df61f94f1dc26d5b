package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// A reel is the time of a film. Its parts are elements of SVG that move others, the only
// kind of motion that browsers know for shapes without a script.
type reel struct {
	seconds float64
	times   []float64 // of the frames, as shares of all
}

// Lengths in films are whole tenths of a point, which keeps files small.
const filmScale = 10

// The rhythm of a film, in seconds: each frame, and how long the first and the last stay.
const filmFrame, filmFirst, filmLast = 0.25, 1, 4

func newReel(frames int) reel {
	r := reel{seconds: filmFirst + filmLast + filmFrame*float64(frames-1)}
	for k := range frames {
		r.times = append(r.times, (filmFirst+filmFrame*float64(k))/r.seconds)
	}
	return r
}

// animate gives an attribute of the element around it a value in each frame, and those
// between in between.
func (r reel) animate(attribute string, values []string) string {
	return r.element("animate", "attributeName=\""+attribute+"\"", values)
}

// transform does the same for a transformation.
func (r reel) transform(kind string, values []string) string {
	return r.element("animateTransform", "attributeName=\"transform\" type=\""+kind+"\"", values)
}

func (r reel) element(name, what string, values []string) string {
	if len(slices.Compact(slices.Clone(values))) < 2 {
		return ""
	}
	last := len(values) - 1
	times := make([]string, 0, len(values)+2)
	times = append(times, "0")
	for _, t := range r.times {
		times = append(times, short(t, 4))
	}
	times = append(times, "1")
	values = append(append([]string{values[0]}, values...), values[last])
	return fmt.Sprintf("<%s %s dur=\"%gs\" repeatCount=\"indefinite\" keyTimes=\"%s\" values=\"%s\"/>",
		name, what, r.seconds, strings.Join(times, ";"), strings.Join(values, ";"))
}

// shown shows the element around it in some frames, and hides it in the others. The change
// is halfway between two frames.
func (r reel) shown(on []bool) string {
	times, values := []string{"0"}, []string{display(on[0])}
	for k := 1; k < len(on); k++ {
		if on[k] != on[k-1] {
			times = append(times, short((r.times[k-1]+r.times[k])/2, 4))
			values = append(values, display(on[k]))
		}
	}
	if len(values) == 1 && on[0] {
		return ""
	}
	return fmt.Sprintf("<animate attributeName=\"display\" dur=\"%gs\" repeatCount=\"indefinite\" calcMode=\"discrete\" keyTimes=\"%s\" values=\"%s\"/>",
		r.seconds, strings.Join(times, ";"), strings.Join(values, ";"))
}

// inTurn shows a drawing in each frame; equal ones in a row are drawn once.
func (r reel) inTurn(list []string) string {
	var b strings.Builder
	for k := 0; k < len(list); {
		on, same := make([]bool, len(list)), list[k]
		for k < len(list) && list[k] == same {
			on[k] = true
			k++
		}
		if same != "" {
			fmt.Fprintf(&b, "<g>%s%s</g>\n", r.shown(on), strings.TrimSpace(same))
		}
	}
	return b.String()
}

func display(on bool) string {
	if on {
		return "inline"
	}
	return "none"
}

// short writes a number with so many digits behind the point at most.
func short(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	s = strings.TrimPrefix(strings.Replace(s, "-0.", "-.", 1), "0")
	if s == "" || s == "-0" {
		return "0"
	}
	return s
}

// tenths writes a length in tenths of a point.
func tenths(v vg.Length) string { return strconv.Itoa(int(math.Round(filmScale * float64(v)))) }

// pathData writes a line in whole tenths of a point, each step from the last.
func pathData(line []vg.Point) string {
	var b strings.Builder
	x, y := 0, 0
	for k, at := range line {
		nx, ny := int(math.Round(filmScale*float64(at.X))), int(math.Round(filmScale*float64(at.Y)))
		switch k {
		case 0:
			fmt.Fprintf(&b, "M%d %d", nx, ny)
		case 1:
			fmt.Fprintf(&b, "l%d %d", nx-x, ny-y)
		default:
			fmt.Fprintf(&b, " %d %d", nx-x, ny-y)
		}
		x, y = nx, ny
	}
	return strings.ReplaceAll(b.String(), " -", "-")
}

// outlineData writes the outline of a mark, of lines and whole circles.
func outlineData(path vg.Path) string {
	var b strings.Builder
	for _, c := range path {
		switch c.Type {
		case vg.MoveComp:
			fmt.Fprintf(&b, "M%s %s", tenths(c.Pos.X), tenths(c.Pos.Y))
		case vg.LineComp:
			fmt.Fprintf(&b, "L%s %s", tenths(c.Pos.X), tenths(c.Pos.Y))
		case vg.ArcComp:
			r, x, y := tenths(c.Radius), c.Pos.X, tenths(c.Pos.Y)
			fmt.Fprintf(&b, "A%s %s 0 0 1 %s %sA%s %s 0 0 1 %s %s", r, r, tenths(x-c.Radius), y, r, r, tenths(x+c.Radius), y)
		case vg.CloseComp:
			b.WriteString("z")
		}
	}
	return b.String()
}
