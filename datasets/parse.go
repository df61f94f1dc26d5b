package datasets

import (
	"math"
	"strconv"
	"strings"
)

// A number is what parseNumber made of a text.
type number uint8

const (
	notNumber number = iota
	finite
	infinite // Inf, or beyond the range of float64
)

// parseNumber parses a decimal number. [strconv.ParseFloat] alone would also
// take hexadecimal floats and underscores between digits, which a table of
// measurements more likely holds as codes.
func parseNumber(s string) (float64, number) {
	if !isDecimal(s) {
		if isInfinity(s) {
			return math.Inf(1), infinite
		}
		return 0, notNumber
	}
	v, err := strconv.ParseFloat(s, 64)
	if err == nil {
		return v, finite
	}
	if math.IsInf(v, 0) {
		return v, infinite
	}
	return 0, notNumber
}

// isDecimal reports whether s has only the characters of a decimal number and at
// least one digit. Running before ParseFloat it keeps text columns from
// allocating an error per cell.
func isDecimal(s string) bool {
	digits := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits = true
		case c == '+', c == '-', c == '.', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return digits
}

func isInfinity(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return strings.EqualFold(s, "inf") || strings.EqualFold(s, "infinity")
}

// isMissing reports whether the trimmed text s stands for a missing value.
func isMissing(s string) bool {
	switch len(s) {
	case 0:
		return true
	case 1:
		return s[0] == '?' || s[0] == '-' || s[0] == '.'
	case 2:
		return strings.EqualFold(s, "NA")
	case 3:
		return strings.EqualFold(s, "N/A") || strings.EqualFold(s, "NaN")
	case 4:
		return strings.EqualFold(s, "null") || strings.EqualFold(s, "None")
	}
	return false
}

// commaNumber reports whether s is a number written with commas.
func commaNumber(s string) bool { return decimalComma(s) || thousands(s) }

// thousands reports whether s is a number with commas between groups of three
// digits. Such a text may have been meant as a decimal comma.
func thousands(s string) bool {
	whole, fraction, _ := strings.Cut(strings.TrimLeft(s, "+-"), ".")
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		if len(g) > 3 || (i > 0 && len(g) < 3) {
			return false
		}
	}
	if len(groups) < 2 || groups[0] == "" || groups[0] == "0" || strings.Contains(fraction, ",") {
		return false
	}
	_, kind := parseNumber(strings.ReplaceAll(s, ",", ""))
	return kind == finite
}

// decimalComma reports whether s is a number but for a comma in the place of its
// decimal point.
func decimalComma(s string) bool {
	before, after, ok := strings.Cut(s, ",")
	if !ok || strings.ContainsAny(after, "+-.,") {
		return false
	}
	_, kind := parseNumber(before + "." + after)
	return kind == finite
}
