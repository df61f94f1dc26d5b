package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/plot/vg"
)

// A FlowFilm is a flow as a moving picture in one panel: an SVG that plays by itself, again
// and again, without a script, in a page or alone. It stands still, at the last frame, for
// readers who prefer reduced motion, in print, and where viewers know no animation; so does
// a PNG. Between frames, of which it shows some if there are very many, all moves evenly.
type FlowFilm Flow

// The layout of a film, in points.
const (
	filmSide = 440 // of the panel
	filmFoot = 18  // room for the bar that shows the time

	// The most that is shown, so that files stay small: frames, and neurons in all frames.
	filmMost, filmMarks = 60, 1200
)

// filmStyle lets the film run where it may.
const filmStyle = "<style>@media screen and (prefers-reduced-motion:no-preference){.film-run{display:inline}.film-still{display:none}}</style>\n"

// Write writes the picture in a format, "svg" or "png". The error is that of w, or of
// another format.
func (f FlowFilm) Write(w io.Writer, format string) error {
	f.Frames = evenly(f.Frames, filmMost)
	f.Frames = someNeurons(f.Frames, filmMarks/max(1, len(f.Frames)))
	s := newStudio(Flow(f))
	if format != "svg" || len(f.Frames) < 2 {
		return write(w, format, sheetWidth, s.height, func(p pen) {
			s.paintGround(p)
			s.paintPrices(p)
			s.paintSamples(p)
			s.paintNeurons(p)
		})
	}
	var b bytes.Buffer
	if err := s.shoot(&b); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// A studio is what a film is made of.
type studio struct {
	Flow
	key    key
	height vg.Length
	plane  plane
	cells  fan
	last   FlowFrame // where the film stands still
	reel   reel
}

func newStudio(f Flow) studio {
	above := f.above()
	s := studio{
		Flow: f, key: f.key(), cells: newFan(f.Samples), reel: newReel(len(f.Frames)),
		height: above + flowHeading + filmSide + filmFoot,
		plane:  plane{middle: vg.Point{X: sheetEdge + flowWidth/2, Y: filmFoot + filmSide/2}, unit: filmSide / (2 * flowReach)},
	}
	if len(f.Frames) > 0 {
		s.last = f.Frames[len(f.Frames)-1]
	}
	return s
}

func (s studio) paintGround(p pen) {
	p.fillPaper()
	p.title(sheetEdge, s.Title, s.Subtitle)
	s.key.draw(p, vg.Point{X: sheetEdge, Y: s.height - titleHeight(s.Title, s.Subtitle)}, flowWidth)
	s.plane.paintGround(p, s.cells)
	if len(s.Frames) == 0 {
		panel{pen: p, frame: s.plane.frame()}.drawNothing("no frames")
	}
}

func (s studio) paintPrices(p pen) {
	s.plane.paintPrices(p, s.cells, s.last.Nu)
	s.plane.paintLevel(p, s.last.Level)
}
func (s studio) paintSamples(p pen) { s.plane.paintSamples(p, s.Samples, 1) }

func (s studio) paintNeurons(p pen) {
	if len(s.Frames) > 0 {
		s.plane.paintNeurons(p, s.Frames)
		s.plane.paintPeaks(p, s.cells, s.last.Nu)
		s.paintCaption(p, s.last)
	}
}

// paintCaption writes the heading of a frame at the left edge.
func (s studio) paintCaption(p pen, q FlowFrame) {
	r := s.plane.frame()
	r.Min.X, r.Max.X = sheetEdge, sheetWidth-marginRight
	q.paintHeading(p, r)
}

// shoot writes the film: layers of what stands, and twice of what moves, as it is in the
// last frame and moving.
func (s studio) shoot(b *bytes.Buffer) error {
	captions := make([]string, len(s.Frames))
	for k, q := range s.Frames {
		_, layer, err := s.layer(func(p pen) { s.paintCaption(p, q) })
		if err != nil {
			return err
		}
		captions[k] = layer
	}
	for k, part := range []struct {
		stands, still func(pen)
		moving        string
	}{
		{s.paintGround, s.paintPrices, s.inPlane(s.movingPrices() + s.movingLevel())},
		{s.paintSamples, s.paintNeurons, s.inPlane(s.movingTails()+s.movingNeurons()+s.movingPeaks()) + s.bar() + s.reel.inTurn(captions)},
	} {
		head, stands, err := s.layer(part.stands)
		if err != nil {
			return err
		}
		_, still, err := s.layer(part.still)
		if err != nil {
			return err
		}
		if k == 0 {
			b.WriteString(head + filmStyle)
		}
		fmt.Fprintf(b, "%s<g class=\"film-still\">\n%s</g>\n<g class=\"film-run\" display=\"none\">\n%s</g>\n", stands, still, part.moving)
	}
	b.WriteString("</svg>\n")
	return nil
}

// layer is a drawing as a part of an SVG, and the head of the file.
func (s studio) layer(paint func(pen)) (head, body string, err error) {
	svg, err := svgOf(sheetWidth, s.height, paint)
	if err != nil {
		return "", "", err
	}
	at := svgStart.FindIndex(svg)
	if at == nil {
		return "", "", errors.New("the SVG of a layer has no view box")
	}
	return string(svg[:at[1]]) + "\n", strings.TrimSuffix(strings.TrimSpace(string(svg[at[1]:])), "</svg>"), nil
}
