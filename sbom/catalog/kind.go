package catalog

import (
	"bytes"
	"encoding/binary"
	"io/fs"

	"github.com/imagetrust/imagetrust/sbom"
)

// kindOf says what makes a regular file of the given mode, size and first bytes
// executable; "" if nothing does.
func kindOf(mode fs.FileMode, size int64, head []byte) sbom.FileKind {
	runnable := mode.Perm()&0o111 != 0
	switch {
	case bytes.HasPrefix(head, []byte("\x7fELF")):
		return sbom.KindELF
	case isPE(head, size):
		return sbom.KindPE
	case isMachO(head):
		return sbom.KindMachO
	case runnable && bytes.HasPrefix(head, []byte("#!")):
		return sbom.KindScript
	case runnable:
		return sbom.KindOther
	}
	return ""
}

// isPE follows the DOS header to the PE signature, as far as the head shows it:
// two letters alone would make programs of texts that begin with MZ.
func isPE(head []byte, size int64) bool {
	if len(head) < 0x40 || head[0] != 'M' || head[1] != 'Z' {
		return false
	}
	at := int64(binary.LittleEndian.Uint32(head[0x3c:]))
	if at+4 <= int64(len(head)) {
		return bytes.Equal(head[at:at+4], []byte("PE\x00\x00"))
	}
	return at+4 <= size
}

// isMachO knows thin and universal binaries. A universal binary and a Java class
// share their magic number: what follows is a small number of architectures
// here and a version of at least 45 there.
func isMachO(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch binary.BigEndian.Uint32(head) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe:
		return true
	case 0xcafebabe, 0xcafebabf:
		n := binary.BigEndian.Uint32(head[4:])
		return n > 0 && n < 45
	}
	return false
}
