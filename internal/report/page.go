package report

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// A Figure is a picture in a page.
type Figure struct {
	ID      string // the anchor of the figure, once in a page; may be empty
	Picture interface {
		Write(w io.Writer, format string) error
	}
	Caption string
	Alt     string // what the picture shows, for those who do not see it
}

// A Cell is an entry of a table.
type Cell struct {
	Text   string
	Strong bool
	Note   string // shown when pointed at; may be empty
}

// A PageTable is a table. The first cell of a row is its heading.
type PageTable struct {
	Caption string
	Header  []string
	Rows    [][]Cell
}

// A Notice stands out at the top of a page. Its kind is "warning" or "note".
type Notice struct{ Kind, Text string }

// A Section is a part of a page, in the order of its fields.
type Section struct {
	Title      string
	Paragraphs []string
	Tables     []PageTable
	Figures    []Figure
}

// A Page is a report as one HTML file that needs no other: no script, no font, nothing
// from elsewhere. It is light or dark as the reader's system is, fits narrow screens, and
// prints.
type Page struct {
	Title, Lead string
	Notices     []Notice
	Facts       [][2]string // names and values
	Sections    []Section
	Foot        string
}

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"numeric": numeric,
	"kind":    kind,
}).Parse(pageSource))

// Write writes the page. The error is that of w or of a picture, or says which figure has
// none, or which ID two figures share. Nothing is written unless all pictures can be.
func (p Page) Write(w io.Writer) error {
	view := struct {
		Page
		Light, Dark template.CSS
		Sections    []sectionView
	}{Page: p, Light: template.CSS(variables(false)), Dark: template.CSS(variables(true))}
	seen := make(map[string]bool)
	for _, s := range p.Sections {
		v := sectionView{Section: s}
		for _, f := range s.Figures {
			if f.ID != "" && seen[f.ID] {
				return fmt.Errorf("two figures of the page have the ID %q; each needs its own", f.ID)
			}
			seen[f.ID] = true
			inline, err := f.inline()
			if err != nil {
				return fmt.Errorf("figure %q: %w", f.ID, err)
			}
			v.Figures = append(v.Figures, inline)
		}
		view.Sections = append(view.Sections, v)
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, view); err != nil {
		return err
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

// sectionView is a section with its pictures drawn.
type sectionView struct {
	Section
	Figures []figureView
}

type figureView struct {
	Figure
	Width, ViewBox string // in CSS pixels, and in points
	Body           template.HTML
}

// inline draws the picture as an element of a page: without a size of its own, and with
// the colours of the page.
func (f Figure) inline() (figureView, error) {
	if f.Picture == nil {
		return figureView{}, errors.New("it has no picture")
	}
	var b bytes.Buffer
	if err := f.Picture.Write(&b, "svg"); err != nil {
		return figureView{}, err
	}
	head := svgStart.FindSubmatchIndex(b.Bytes())
	if head == nil {
		return figureView{}, errors.New("its SVG has no view box")
	}
	part := func(k int) string { return string(b.Bytes()[head[2*k]:head[2*k+1]]) }
	width, err := strconv.ParseFloat(part(1), 64)
	if err != nil {
		return figureView{}, err
	}
	body := bytes.TrimSuffix(bytes.TrimSpace(b.Bytes()[head[1]:]), []byte("</svg>"))
	return figureView{
		Figure: f, Width: strconv.FormatFloat(width*96/72, 'f', 0, 64), ViewBox: "0 0 " + part(1) + " " + part(2),
		// Its words were escaped when it was drawn; all else is ours.
		Body: template.HTML(themed(body)),
	}, nil
}

// printable replaces what a page must not hold.
func printable(page string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(page, string(unicode.ReplacementChar)))
}

var numeral = regexp.MustCompile(`^[-+~<>≤≥]?\s*[0-9]|^[-–—]?$`)

// numeric says whether a column of a table is of numbers, which are set to the right.
func (t PageTable) numeric(column int) bool {
	digits := false
	for _, row := range t.Rows {
		if column >= len(row) {
			continue
		}
		text := strings.TrimSpace(row[column].Text)
		if !numeral.MatchString(text) {
			return false
		}
		digits = digits || strings.ContainsAny(text, "0123456789")
	}
	return digits && column > 0
}

func numeric(t PageTable, column int) bool { return t.numeric(column) }

// kind is the kind of a notice; what is unknown is a note.
func kind(n Notice) string {
	if n.Kind == "warning" {
		return "warning"
	}
	return "note"
}
