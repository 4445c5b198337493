//go:build !linux

package catalog

import (
	"errors"
	"io/fs"
	"os"
)

// openAnonymous makes a file and unlinks it at once. Where open files cannot be
// unlinked (Windows), closeAnonymous does it.
func openAnonymous(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "imagetrust-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(f.Name())
	return f, nil
}

func closeAnonymous(f *os.File) error {
	err := f.Close()
	if rm := os.Remove(f.Name()); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}
