//go:build unix

package image

import (
	"io/fs"
	"syscall"
)

const openNonblock = syscall.O_NONBLOCK

func ownerOf(info fs.FileInfo) owner {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{}
	}
	return owner{int(st.Uid), int(st.Gid), uint64(st.Dev)} // Dev is signed on some systems.
}
