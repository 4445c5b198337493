package catalog

import (
	"os"
	"syscall"
)

// O_TMPFILE of open(2) without O_DIRECTORY, which is part of it; the same on all
// of Go's Linux ports.
const tmpfile = 0o20000000

// openAnonymous opens a file that has no name. File systems without O_TMPFILE
// get one that is unlinked at once.
func openAnonymous(dir string) (*os.File, error) {
	if dir == "" {
		dir = os.TempDir()
	}
	f, err := os.OpenFile(dir, os.O_RDWR|tmpfile|syscall.O_DIRECTORY, 0o600)
	if err == nil {
		return f, nil
	}
	return createUnlinked(dir)
}

func closeAnonymous(f *os.File) error { return f.Close() }

func createUnlinked(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "imagetrust-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
