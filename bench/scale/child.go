package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/convexnn/convexnn/convexnn"
)

// childFlag is the first argument of a child process, and the task the second. It is
// no flag for people.
const childFlag = "-task"

// An outcome is a task, its solve and what the process took.
type outcome struct {
	task
	solve
	CPU  float64 `json:"cpu_seconds"` // user and system
	Peak float64 `json:"peak_bytes"`  // resident, 0 where the system does not say
}

func (o outcome) String() string {
	return fmt.Sprintf("%s, %d iterations, gap %.2g, %.1f s, CPU %.1f s, %s", o.Status, o.Iterations, o.Gap, o.Seconds, o.CPU, convexnn.FormatBytes(o.Peak))
}

// childTask returns the task in the arguments of a child process, and whether they are
// those of one.
func childTask(args []string) (string, bool) {
	if len(args) == 3 && args[1] == childFlag {
		return args[2], true
	}
	return "", false
}

// child does a task and writes what came of it.
func child(given string, w io.Writer) error {
	var t task
	if err := json.Unmarshal([]byte(given), &t); err != nil {
		return fmt.Errorf("%q is no task: %w", given, err)
	}
	s, err := t.do(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(s)
}

// spawn does a task in a process of its own.
func spawn(ctx context.Context, program string, t task) (outcome, error) {
	given, err := json.Marshal(t)
	if err != nil {
		return outcome{}, err
	}
	var answer bytes.Buffer
	command := exec.CommandContext(ctx, program, childFlag, string(given))
	command.Stdout, command.Stderr = &answer, os.Stderr
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return outcome{}, ctx.Err()
		}
		return outcome{}, fmt.Errorf("its process: %w", err)
	}
	out := outcome{task: t}
	if err := json.Unmarshal(answer.Bytes(), &out.solve); err != nil {
		return outcome{}, fmt.Errorf("its process answered %q: %w", answer.String(), err)
	}
	out.CPU = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	// The system counts what this process held when it started the other one as well,
	// which is little: this one solves nothing.
	out.Peak = peak(command.ProcessState)
	return out, nil
}
