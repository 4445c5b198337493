//go:build !linux

package procfs

import (
	"context"

	"github.com/imagetrust/imagetrust/rbom"
)

// Record returns ErrNotSupported on this system.
func (r *Recorder) Record(context.Context, rbom.Target) (*rbom.Recording, error) {
	return nil, ErrNotSupported
}
