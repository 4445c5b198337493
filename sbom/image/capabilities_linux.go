package image

import (
	"os"

	"golang.org/x/sys/unix"
)

// filesHaveCapabilities says whether opening a file for them pays.
const filesHaveCapabilities = true

// maxCapability is more than the attribute can have, so that one that is too long shows.
const maxCapability = 64

// capabilitiesOf returns the capabilities of an open file, in the form of
// Entry.Capabilities. File systems without attributes have none.
func capabilitiesOf(f *os.File) string {
	conn, err := f.SyscallConn()
	if err != nil {
		return ""
	}
	var text string
	// The error is that of a closed file, which has no capabilities to tell.
	_ = conn.Control(func(fd uintptr) {
		var raw [maxCapability]byte
		switch n, err := unix.Fgetxattr(int(fd), "security.capability", raw[:]); err {
		case nil:
			text = capabilityText(raw[:n])
		case unix.ERANGE:
			text = "?"
		}
	})
	return text
}
