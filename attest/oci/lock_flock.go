//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package oci

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lockExcludes says that lock keeps all writers of this package apart.
const lockExcludes = true

// lock takes the layout for writing until unlock is called or the process ends.
// It locks the marker file itself, so that nothing is left behind.
func lock(ctx context.Context, root *os.Root) (unlock func(), err error) {
	f, err := root.Open("oci-layout")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}
