package datasets

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Split divides the rows 0 … n-1 at random into training rows and held-out test
// rows, each in increasing order. The same arguments give the same split.
//
// About fraction·n rows are held out: none for 0, otherwise at least one where
// n allows it. groups gives the class of each row and makes the split stratified:
// every class is divided in the same proportion, up to rounding, and keeps at
// least one training row. [Table.Strata] makes groups; nil puts all rows into one.
//
// The error wraps [ErrFraction] when fraction is not in [0, 1), and [ErrRow] when
// n < 1 or groups is neither nil nor of length n.
func Split(groups []int, n int, fraction float64, seed uint64) (train, test []int, err error) {
	if !(fraction >= 0 && fraction < 1) {
		return nil, nil, failf(ErrFraction, "the held-out fraction %v is not in [0, 1); use --test-fraction 0.2, or --test-fraction 0 to hold out nothing", fraction)
	}
	if n < 1 {
		return nil, nil, fmt.Errorf("%w: cannot split %d rows", ErrRow, n)
	}
	if groups != nil && len(groups) != n {
		return nil, nil, fmt.Errorf("%w: %d group codes for %d rows", ErrRow, len(groups), n)
	}
	members := groupRows(groups, n)
	total := int(math.Round(fraction * float64(n)))
	if fraction > 0 {
		total = max(total, 1)
	}
	quota := quotas(members, n, min(total, n-len(members)))
	rng := rand.New(rand.NewPCG(seed, 0x73706c6974)) // "split": a stream of its own
	for g, rows := range members {
		rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		test = append(test, rows[:quota[g]]...)
		train = append(train, rows[quota[g]:]...)
	}
	slices.Sort(train)
	slices.Sort(test)
	return train, test, nil
}

// groupRows lists the rows of each group, in the order of the group codes.
func groupRows(groups []int, n int) [][]int {
	if groups == nil {
		groups = make([]int, n)
	}
	codes := slices.Compact(slices.Sorted(slices.Values(groups)))
	members := make([][]int, len(codes))
	for i, g := range groups {
		k, _ := slices.BinarySearch(codes, g)
		members[k] = append(members[k], i)
	}
	return members
}

// quotas divides total test rows among the groups by the method of the largest
// remainder, leaving each group one row. total must be at most n less the number
// of groups, or the loop would not end.
func quotas(members [][]int, n, total int) []int {
	quota := make([]int, len(members))
	order := make([]int, len(members))
	left := total
	for g, rows := range members {
		order[g] = g
		quota[g] = total * len(rows) / n
		left -= quota[g]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return total*len(members[b])%n - total*len(members[a])%n
	})
	for left > 0 {
		for _, g := range order {
			if left > 0 && quota[g] < len(members[g])-1 {
				quota[g]++
				left--
			}
		}
	}
	return quota
}

// Strata returns the class code of each row for a stratified [Split], or nil when
// the task is regression. target names the column as in [Table.Index], the empty
// string the last; task is read as by [Fit]. A numeric target with more than two
// values of which one is to be the positive class has to be given as
// [TaskClassification]. Codes count the classes in sorted order; -1 stands for a
// missing target. The error wraps [ErrColumn].
func (t *Table) Strata(target string, task Task) ([]int, error) {
	c, err := t.Column(target)
	if err != nil {
		return nil, err
	}
	if task == TaskAuto {
		task = autoTask(c)
	}
	if task == TaskRegression {
		return nil, nil
	}
	_, codes := classes(c)
	return codes, nil
}

// autoTask resolves [TaskAuto] for the target c.
func autoTask(c *Column) Task {
	if c.Kind == Categorical {
		return TaskClassification
	}
	seen := make(map[float64]bool)
	for _, v := range c.Values {
		if math.IsNaN(v) {
			continue
		}
		if seen[v] = true; len(seen) > 2 {
			return TaskRegression
		}
	}
	if len(seen) == 2 {
		return TaskClassification
	}
	return TaskRegression
}

// classes returns the distinct labels of c in sorted order and for each row its
// index among them, or -1.
func classes(c *Column) (labels []string, codes []int) {
	codes = make([]int, c.Len())
	if c.Kind == Categorical {
		levels, index := occurring(c)
		for i, k := range c.Codes {
			codes[i] = -1
			if k >= 0 {
				codes[i] = index[k]
			}
		}
		return levels, codes
	}
	var values []float64
	for _, v := range c.Values {
		if !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	for i, v := range c.Values {
		codes[i] = -1
		if !math.IsNaN(v) {
			codes[i], _ = slices.BinarySearch(values, v)
		}
	}
	labels = make([]string, len(values))
	for k, v := range values {
		labels[k] = formatNumber(v)
	}
	return labels, codes
}

// occurring returns the levels that some row of the categorical column c has, in
// sorted order, and for each entry of c.Levels its index there, or -1. The order
// does not depend on that of the rows: levels that are all numbers are sorted as
// such and others as text.
func occurring(c *Column) (levels []string, index []int) {
	used := make([]bool, len(c.Levels))
	for _, k := range c.Codes {
		if k >= 0 {
			used[k] = true
		}
	}
	numbers := true
	for k, l := range c.Levels {
		if used[k] {
			levels = append(levels, l)
			_, kind := parseNumber(l)
			numbers = numbers && kind == finite
		}
	}
	slices.SortFunc(levels, func(a, b string) int { return compareLabels(a, b, numbers) })
	place := make(map[string]int, len(levels))
	for k, l := range levels {
		place[l] = k
	}
	index = make([]int, len(c.Levels))
	for k, l := range c.Levels {
		index[k] = -1
		if used[k] {
			index[k] = place[l]
		}
	}
	return levels, index
}

// compareLabels orders labels by their numbers, if numbers is set, and then by
// their text.
func compareLabels(a, b string, numbers bool) int {
	if numbers {
		x, _ := parseNumber(a)
		y, _ := parseNumber(b)
		if x != y {
			if x < y {
				return -1
			}
			return 1
		}
	}
	return strings.Compare(a, b)
}
