package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"testing"
)

var slow = flag.Bool("slow", false, "also run the tests that train on whole tables many times")

// The main job over ten splits. 95 % is what a user may expect on this table;
// the time bound is that of the README.
func TestSlowBreastCancer(t *testing.T) {
	if !*slow {
		t.Skip("needs -slow")
	}
	sum, worst := 0.0, 0.0
	for seed := 1; seed <= 10; seed++ {
		stdout, _ := must(t, exitDone, "train", "breast-cancer", "--seed", fmt.Sprint(seed), "--report", "-", "--quiet")
		var report struct {
			Status  string
			Seconds float64
			Gap     float64 `json:"estimated_gap"`
			Metrics struct{ Test struct{ Accuracy float64 } }
		}
		if err := json.Unmarshal([]byte(stdout), &report); err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %2d: accuracy %.4f, gap %.1e, %.1f s", seed, report.Metrics.Test.Accuracy, report.Gap, report.Seconds)
		if report.Status != "solved" {
			t.Errorf("seed %d: %s", seed, report.Status)
		}
		sum += report.Metrics.Test.Accuracy
		worst = max(worst, report.Seconds)
	}
	t.Logf("mean accuracy %.4f, longest %.1f s", sum/10, worst)
	if sum/10 < 0.95 {
		t.Errorf("mean test accuracy %.4f, want at least 0.95", sum/10)
	}
	if worst > 30 {
		t.Errorf("%.1f s, want at most 30", worst)
	}
}
