package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestAdvice checks that errors advise what the command at hand can do.
func TestAdvice(t *testing.T) {
	table, _, _ := curve(20)
	good := file(t, "good.csv", table...)
	dir := t.TempDir()
	plain, filling := filepath.Join(dir, "plain.json"), filepath.Join(dir, "filling.json")
	must(t, exitDone, "train", good, "--patterns", "10", "--out", plain)
	must(t, exitDone, "train", good, "--patterns", "10", "--missing", "mean", "--out", filling)
	feature := file(t, "feature.csv", "a,b,y", "1,,3", "1,2,3")
	target := file(t, "target.csv", "a,b,y", "1,2,", "1,2,3")
	years := file(t, "years.csv", "2019,2020", "1,2", "2,3")
	tests := []struct {
		name       string
		status     int
		want, lack string
		args       []string
	}{
		{"feature in training", 1, "--skip b", "target", []string{"train", feature}},
		{"feature in prediction", 1, "train again with --missing mean", "--skip", []string{"predict", plain, feature}},
		{"feature in evaluation", 1, "--missing drop", "--skip", []string{"evaluate", plain, feature}},
		{"filling what a model does not fill", 1, "--missing drop", "--skip", []string{"predict", plain, feature, "--missing", "mean"}},
		{"target by default", 1, "the last column", "mean", []string{"train", target}},
		{"target by name", 1, "--missing drop", "--skip", []string{"train", target, "--target", "y"}},
		{"target by position", 1, "--missing drop", "--skip", []string{"train", target, "--target", "3"}},
		{"target in evaluation", 1, "--missing drop", "mean", []string{"evaluate", plain, target}},
		{"all missing in prediction", 1, "train again", "--skip", []string{"evaluate", plain, file(t, "void.csv", "a,b,y", ",1,2", ",3,4"), "--missing", "drop"}},
		{"names that look like numbers", 1, "--header present", "", []string{"predict", plain, years}},
		{"position", 1, "from 1 to 3", "", []string{"train", good, "--target", "99"}},
		{"position to skip", 1, "from 1 to 3", "", []string{"train", good, "--skip", "0"}},
		{"blanks in a list", 1, "single column", "", []string{"train", good, "--skip", "a, b"}},
		{"numbers as classes", 1, "15 distinct numbers: use --task regression", "bad classes", []string{"train", good, "--task", "classification"}},
		{"numbers as classes of a matrix", 1, "--task regression", "", []string{"train", "--x", file(t, "m.txt", strings.ReplaceAll(strings.Join(table[1:], "\n"), ",", " ")), "--task", "classification"}},
		{"thousands", 1, "thousands separator", "", []string{"train", file(t, "t.csv", "a,y", `"1,234",1`, `"2,500",2`)}},
		{"not gzip", 1, "not gzip", "", []string{"train", file(t, "t.csv.gz", "a,y", "1,1", "2,2")}},
		{"seed", 2, `--seed "-1" is not a whole number`, "strconv", []string{"train", good, "--seed", "-1"}},
		{"count", 2, `--patterns "many" is not a whole number`, "strconv", []string{"train", good, "--patterns", "many"}},
		{"strength", 2, `--beta "small" is not a number`, "strconv", []string{"train", good, "--beta", "small"}},
		{"switch", 2, `--standardize "some" is neither`, "strconv", []string{"train", good, "--standardize=some"}},
		{"time without unit", 2, "write 5s", "time: ", []string{"train", good, "--time-limit", "5"}},
		{"time", 2, "90s", "time: ", []string{"train", good, "--time-limit", "soon"}},
		{"word", 2, `--header "banana" is none of auto, present, absent`, "bad option", []string{"train", good, "--header", "banana"}},
		{"size", 2, `--memory-limit "lots" is not`, "invalid argument", []string{"train", good, "--memory-limit", "lots"}},
	}
	for _, test := range tests {
		_, stderr := must(t, test.status, test.args...)
		if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, test.want) || (test.lack != "" && strings.Contains(stderr, test.lack)) {
			t.Errorf("%s: %q, want one line with %q and without %q", test.name, stderr, test.want, test.lack)
		}
	}
	must(t, exitDone, "predict", filling, feature)
}

func TestHeaderNotice(t *testing.T) {
	table := file(t, "years.csv", "2019,2020,2021", "1,2,3", "2,3,5", "3,1,1", "4,2,7")
	model := filepath.Join(t.TempDir(), "m.json")
	const want = "no header found in"
	stdout, _ := must(t, exitDone, "train", table, "--out", model)
	if !strings.Contains(stdout, want) || !strings.Contains(stdout, "c1..c3") {
		t.Errorf("train: %s", stdout)
	}
	for _, args := range [][]string{{"predict", model, table}, {"evaluate", model, table}, {"patterns", table}} {
		if _, stderr := must(t, exitDone, args...); !strings.Contains(stderr, want) {
			t.Errorf("%s: %q", args[0], stderr)
		}
		if _, stderr := must(t, exitDone, append(args, "--header", "absent")...); strings.Contains(stderr, want) {
			t.Errorf("%s --header absent: %q", args[0], stderr)
		}
	}
	named := file(t, "named.csv", "a,b,y", "1,2,3", "2,3,5")
	if _, stderr := must(t, exitFailed, "predict", model, named); !strings.Contains(stderr, "read without a header") {
		t.Errorf("names for a model without: %q", stderr)
	}
}

func TestBlankPredictions(t *testing.T) {
	table, _, _ := curve(20)
	model := filepath.Join(t.TempDir(), "m.json")
	must(t, exitDone, "train", file(t, "d.csv", table...), "--patterns", "10", "--out", model)
	rows := file(t, "p.csv", "a,b", "1,", "1,2", "NA,1")
	stdout, stderr := must(t, exitDone, "predict", model, rows, "--missing", "drop")
	if lines := strings.Split(stdout, "\n"); len(lines) != 5 || lines[1] != `""` || lines[2] == `""` || lines[3] != `""` {
		t.Errorf("predictions %q", stdout)
	}
	if !strings.Contains(stderr, "2 rows with a missing value") {
		t.Errorf("notice %q", stderr)
	}
	stdout, _ = must(t, exitDone, "predict", model, rows, "--missing", "drop", "--scores")
	if lines := strings.Split(stdout, "\n"); len(lines) != 5 || lines[1] != "," || lines[3] != "," {
		t.Errorf("with scores %q", stdout)
	}
}
