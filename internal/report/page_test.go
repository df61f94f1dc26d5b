package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
)

func pageText(t *testing.T, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// elements lists the elements of a page; all that are opened must be closed.
func elements(t *testing.T, page string) (out []xml.StartElement) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.AutoClose, d.Entity = xml.HTMLAutoClose, xml.HTMLEntity
	var open []string
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page does not parse: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			out = append(out, e.Copy())
			if e.Name.Local != "meta" {
				open = append(open, e.Name.Local)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("%s is closed while %v are open", e.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%v are never closed", open)
	}
	return out
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// A page parses, needs nothing else, and has all its parts, in order, with names for
// those who do not see them.
func TestPage(t *testing.T) {
	page := pageText(t, examplePage())
	for _, bad := range []string{"NaN", "Inf", "<script", "http:", "https:", "url(", "@import", "ZgotmplZ", "<?xml"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
	count := make(map[string]int)
	ids := make(map[string]bool)
	heading := 0
	for _, e := range elements(t, page) {
		name := e.Name.Local
		count[name]++
		if id := attribute(e, "id"); id != "" && ids[id] {
			t.Errorf("two elements have the id %q", id)
		} else if id != "" {
			ids[id] = true
		}
		switch name {
		case "html":
			if attribute(e, "lang") == "" {
				t.Error("no language")
			}
		case "svg":
			if attribute(e, "role") != "img" || attribute(e, "aria-label") == "" || attribute(e, "width") != "" || !strings.HasPrefix(attribute(e, "viewBox"), "0 0 ") {
				t.Errorf("a picture has the attributes %v", e.Attr)
			}
		case "th":
			if attribute(e, "scope") == "" {
				t.Error("a heading of a table without scope")
			}
		case "h1", "h2":
			level := int(name[1] - '0')
			if level > heading+1 {
				t.Errorf("%s after a heading of level %d", name, heading)
			}
			heading = level
		}
	}
	for name, want := range map[string]int{"h1": 1, "main": 1, "section": 4, "figure": 12, "svg": 12, "figcaption": 9, "table": 1, "caption": 1, "dt": 4, "dd": 4, "strong": 4, "footer": 1, "title": 1} {
		if count[name] != want {
			t.Errorf("%d of %s, want %d", count[name], name, want)
		}
	}
	if len(ids) != 12 {
		t.Errorf("%d anchors", len(ids))
	}
	if page != pageText(t, examplePage()) {
		t.Error("two pages of the same differ")
	}
	if n := len(pageText(t, Page{Title: "nothing"})); n > 8000 {
		t.Errorf("a page of nothing has %d bytes", n)
	}
	elements(t, pageText(t, Page{}))
}

// All colours in a page are variables, which both themes declare.
func TestPageThemes(t *testing.T) {
	page := pageText(t, examplePage())
	body := page[strings.Index(page, "<body>"):]
	if left := hexColour.FindAllString(body, -1); len(left) > 0 {
		t.Errorf("colours that stay the same in the dark: %v", left)
	}
	light, dark, found := strings.Cut(page[:strings.Index(page, "* { box-sizing")], "@media screen and (prefers-color-scheme: dark)")
	if !found {
		t.Fatal("no dark theme")
	}
	used := regexp.MustCompile(`var\((--[a-z0-9]+)\)`).FindAllStringSubmatch(page, -1)
	if len(used) < 100 {
		t.Errorf("variables are used %d times", len(used))
	}
	for _, m := range used {
		if !strings.Contains(light, m[1]+":") || !strings.Contains(dark, m[1]+":") {
			t.Errorf("%s is not declared for light and dark", m[1])
		}
	}
}

// luminance and contrast are those of WCAG 2.2.
func luminance(c color.NRGBA) float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func contrast(a, b color.NRGBA) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Words and marks can be told from their background, light or dark, and the colours of a
// theme from each other.
func TestContrast(t *testing.T) {
	if c := contrast(rgb(0, 0, 0), paper); math.Abs(c-21) > 1e-9 {
		t.Fatalf("black on white has the contrast %g", c)
	}
	shown := func(of color.NRGBA, dark bool) color.NRGBA {
		t.Helper()
		tone, ok := toneOf([]byte(hex(of)))
		if !ok || tone.colour != of {
			t.Fatalf("no tone for %v, or another's", of)
		}
		if dark {
			return tone.onDark
		}
		return tone.onLight
	}
	for _, dark := range []bool{false, true} {
		seen := make(map[color.NRGBA]string)
		for _, tone := range tones {
			c := shown(tone.colour, dark)
			if seen[c] != "" {
				t.Errorf("dark %v: %s is %s", dark, tone.name, seen[c])
			}
			seen[c] = tone.name
		}
		check := func(what string, a, b color.NRGBA, least float64) {
			t.Helper()
			if got := contrast(shown(a, dark), shown(b, dark)); got < least {
				t.Errorf("dark %v: %s %v has the contrast %.2f on %v, want %g", dark, what, a, got, b, least)
			}
		}
		for _, words := range []color.NRGBA{ink, grey} {
			check("text", words, paper, 4.5)
		}
		check("text on the floor", ink, pale, 4.5)
		for _, m := range raceMarks {
			check("mark", m.colour, paper, 3)
		}
		for k, class := range classColour {
			check("sample", class, classPale[k], 3)
			check("sample", class, classPale[1-k], 3)
			check("boundary", ink, classPale[k], 3)
		}
		check("text on grey ground", grey, discTone, 4.5)
		for _, m := range []color.NRGBA{vermilion, blue, green, grey, ink} {
			check("mark on the disc", m, discTone, 3)
		}
		for _, band := range bandColours {
			check("outline of a sample", ink, band, 3)
		}
	}
}

// What a user names is text, wherever it is.
func TestPageEscapes(t *testing.T) {
	const evil = `<script>alert("1")</script>" onload='x' style="fill:#222222" &amp;`
	s := exampleSpread(1, 1)
	s.Title, s.Rows[0].Label = evil, evil
	p := Page{
		Title: evil, Lead: evil, Foot: evil, Facts: [][2]string{{evil, evil}}, Notices: []Notice{{evil, evil}},
		Sections: []Section{{
			Title: evil, Paragraphs: []string{evil},
			Tables:  []PageTable{{Caption: evil, Header: []string{evil}, Rows: [][]Cell{{{Text: evil, Note: evil, Strong: true}, {Text: evil}}}}},
			Figures: []Figure{{ID: evil, Picture: s, Caption: evil, Alt: evil}},
		}},
	}
	page := pageText(t, p)
	for _, e := range elements(t, page) {
		if e.Name.Local == "script" || attribute(e, "onload") != "" {
			t.Errorf("the page holds the element %v", e)
		}
	}
	var text strings.Builder
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		if words, ok := token.(xml.CharData); ok {
			text.Write(words)
		}
	}
	// Twice for the title of the page, and once for each other field but the tooltips, the
	// ID, the unknown kind and the label of the run, which is cut.
	if n := strings.Count(text.String(), evil); n != 15 {
		t.Errorf("the words are shown %d times, want 15", n)
	}
	if control := pageText(t, Page{Title: "a\x00b\xffc\x1b"}); strings.ContainsAny(control, "\x00\x1b") || !strings.Contains(control, "a\uFFFDb\uFFFDc") {
		t.Error("the page holds what cannot be printed")
	}
}

type badPicture string

func (b badPicture) Write(w io.Writer, _ string) error {
	if b == "" {
		return errors.New("no ink")
	}
	_, err := io.WriteString(w, string(b))
	return err
}

type badWriter struct{}

func (badWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestPageErrors(t *testing.T) {
	page := func(figures ...Figure) Page { return Page{Sections: []Section{{Figures: figures}}} }
	for want, p := range map[string]Page{
		"no ink":         page(Figure{ID: "a", Picture: badPicture("")}),
		"no view box":    page(Figure{ID: "a", Picture: badPicture("<svg></svg>")}),
		"has no picture": page(Figure{ID: "a"}),
		"ID \"a\"":       page(Figure{ID: "a", Picture: exampleWidths(1)}, Figure{ID: "a", Picture: exampleWidths(1)}),
	} {
		var b bytes.Buffer
		if err := p.Write(&b); err == nil || !strings.Contains(err.Error(), want) || b.Len() > 0 {
			t.Errorf("error %v after %d bytes, want %s", err, b.Len(), want)
		}
	}
	if err := examplePage().Write(badWriter{}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("error %v", err)
	}
}

func TestNumericColumns(t *testing.T) {
	table := PageTable{Rows: [][]Cell{
		{{Text: "7"}, {Text: "-1.5"}, {Text: "~3 %"}, {Text: ""}, {Text: "5 of 6"}},
		{{Text: "8"}, {Text: "–"}, {Text: ""}, {Text: "–"}, {Text: "none"}},
		{{Text: "9"}},
	}}
	got := ""
	for k := range 6 {
		got += fmt.Sprint(numeric(table, k), " ")
	}
	if got != "false true true false false false " {
		t.Errorf("numeric columns: %s", got)
	}
}
