package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pbnjay/memory"
)

// A size is a number of bytes as a flag; 0 means that it was not set.
type size uint64

// units are the suffixes of a size.
var units = []struct {
	suffix string
	bytes  float64
}{
	{"kib", 1 << 10},
	{"mib", 1 << 20},
	{"gib", 1 << 30},
	{"tib", 1 << 40},
	{"kb", 1e3},
	{"mb", 1e6},
	{"gb", 1e9},
	{"tb", 1e12},
	{"k", 1e3},
	{"m", 1e6},
	{"g", 1e9},
	{"t", 1e12},
	{"b", 1},
}

// Set implements pflag.Value. It takes 2e9, 500MiB, "1.5 GB".
func (s *size) Set(text string) error {
	word, unit := strings.ToLower(strings.TrimSpace(text)), 1.0
	for _, u := range units {
		if rest, ok := strings.CutSuffix(word, u.suffix); ok {
			word, unit = strings.TrimSpace(rest), u.bytes
			break
		}
	}
	v, err := strconv.ParseFloat(word, 64)
	if bytes := v * unit; err == nil && bytes >= 1 && bytes <= math.MaxInt64 {
		*s = size(bytes)
		return nil
	}
	return fmt.Errorf("%q is not an amount of memory; write it like 4GB, 500MiB or 2e9", text)
}

// String implements pflag.Value.
func (s *size) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(*s), 10)
}

// Type implements pflag.Value.
func (s *size) Type() string { return "SIZE" }

// limit returns the number of bytes, by default half of the machine's memory; 0
// if that is not known.
func (s *size) limit() uint64 {
	if *s > 0 {
		return uint64(*s)
	}
	return memory.TotalMemory() / 2
}
