//go:build unix

package catalog

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedAlone reports whether the directory belongs to this process's user, and
// nobody else may write to it.
func ownedAlone(dir fs.FileInfo) bool {
	st, ok := dir.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid() && dir.Mode().Perm()&0o022 == 0
}
