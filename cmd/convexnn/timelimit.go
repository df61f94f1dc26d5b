package main

import (
	"context"
	"time"

	"github.com/convexnn/convexnn/convexnn"
)

// A defaultLimit ends a training of the mode global after the time that is assumed where
// the user gave none. Only the data decide whether the mode is one that needs it.
type defaultLimit struct {
	after time.Duration // 0 for none
	end   context.CancelCauseFunc
	clock *time.Timer
}

// newLimit returns a context for the training, with its limit.
func (t *training) newLimit(ctx context.Context) (context.Context, *defaultLimit) {
	ctx, end := context.WithCancelCause(ctx)
	l := &defaultLimit{end: end}
	if t.flags.limits.time == 0 {
		l.after = t.assumed
	}
	return ctx, l
}

// know starts the clock once the mode is known to be global.
func (l *defaultLimit) know(mode convexnn.Mode) {
	if l.clock == nil && mode == convexnn.Global && l.after > 0 {
		l.clock = time.AfterFunc(l.after, func() { l.end(context.DeadlineExceeded) })
	}
}

// stop releases what the limit holds.
func (l *defaultLimit) stop() {
	if l.clock != nil {
		l.clock.Stop()
	}
	l.end(nil)
}
