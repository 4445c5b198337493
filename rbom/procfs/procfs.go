// Package procfs records what a process tree does by sampling /proc: the
// programs that run, the files they have mapped executable or open, and the
// sockets they use. It needs Linux, and no privilege beyond reading the target's
// /proc entries (the same user, or CAP_SYS_PTRACE).
//
// A sampler misses what is shorter than its interval: a program that starts and
// ends between two samples, a file that is opened, read and closed. The
// recording says so (rbom.Coverage), and what it did not see proves nothing.
// Functions cannot be seen this way.
//
// The files of [proc(5)] that are read: stat, exe, root, maps, fd and net/{tcp,tcp6,udp,udp6}.
// Command lines and environments are not read, since they hold secrets.
//
// [proc(5)]: https://man7.org/linux/man-pages/man5/proc.5.html
package procfs

import (
	"errors"
	"log/slog"
	"time"
)

// ErrNotSupported is the error of Record where there is no /proc to read.
var ErrNotSupported = errors.New("procfs: needs Linux's /proc")

// ErrTarget is the error of a target that is not there, or that does not name a
// process.
var ErrTarget = errors.New("procfs: no such target")

// Options change how is sampled. The zero value is useful.
type Options struct {
	// Interval between two samples; 50 ms if 0. A shorter one sees more and
	// costs more: a sample of 20 processes takes some 5 ms.
	Interval time.Duration
	// NoDigest leaves out the SHA-256 of executed and mapped files. Without it,
	// drift from the image cannot be seen.
	NoDigest bool
	// MaxDigestSize is the largest file that is digested, in bytes; 1 GiB if 0.
	// A larger one becomes a gap.
	MaxDigestSize int64
	// MaxObservations bounds the recording; 100,000 if 0. What is beyond is
	// counted in Coverage.Lost.
	MaxObservations int
	// Workload is written into the coverage.
	Workload string
	// Sampled, if not nil, is called after each sample with the number of
	// samples so far and of different observations. It runs on the recorder's
	// goroutine.
	Sampled func(samples, observations int)
	// Logger is told about processes that could not be read; nil for silence.
	Logger *slog.Logger
}

// Recorder samples /proc. It holds no state between recordings and may be used
// concurrently.
type Recorder struct{ opts Options }

// New returns a recorder. Nil options are the zero value.
func New(opts *Options) *Recorder {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Interval <= 0 {
		o.Interval = 50 * time.Millisecond
	}
	if o.MaxDigestSize <= 0 {
		o.MaxDigestSize = 1 << 30
	}
	if o.MaxObservations <= 0 {
		o.MaxObservations = 100_000
	}
	return &Recorder{opts: o}
}
