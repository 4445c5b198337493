// Package debian knows programs and shared libraries of Debian by their build-ids: of which
// package a program is that was copied out of it, as images are made in several stages.
//
//	d, err := binary.New(&binary.Options{Sources: []binary.Source{debian.Source()}})
//
// # What it covers
//
// Debian 12 (bookworm) and 13 (trixie) for amd64, main, with their updates and security updates as of
// November 2026: 6,106 programs and libraries of 1,078 packages of Debian 12, and 1,144 of 199
// packages of Debian 13. That is the base system, and common servers, tools and, of Debian 12, compilers,
// with what they need: one in twenty of the packages with programs in Debian 12, one in a hundred and
// twenty in Debian 13, in the newest version or one of the months before. Kernels, what computers are started
// with, and debugging symbols are left out. A program that it does not know may be Debian's all the same.
//
// # What it proves
//
// Anyone may write a build-id into a file, and it stays when a file is changed. See package
// fileindex. And what a new version of a package did not change has the build-id that it had: of packages of
// which two versions are here, one program in three has that of the other revision of the same upstream
// release, and one in twenty-five that of another release. All versions that are here are found then;
// those that are not here may be meant as well.
//
// # Cost
//
// The index is 87 KiB in the program that imports this package. Nothing of it is unpacked until it is
// asked, or kept afterwards. A look-up takes less than a microsecond for what is not
// known, and for what is less than 100 µs, and 54 KiB that are free again afterwards.
//
// # How it is made
//
// By the program in fileindex/build, of packages and of installed systems, no others than those in
// Debian's own lists (Packages):
//
//	build -build-ids -records DIR -distro debian-12 -packages LIST... -o debian.idx /var/cache/apt/archives /
//	build -build-ids -records DIR -distro debian-13 -packages LIST... -o debian.idx /var/cache/apt/archives
//
// The whole of a suite takes "-mirror URL -suite bookworm": see there. An index of both suites has less than 3 MB.
package debian

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
)

//go:embed debian.idx
var packed string

var index = sync.OnceValue(func() *fileindex.Index {
	x, err := fileindex.Open(strings.NewReader(packed), int64(len(packed)))
	if err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	return x
})

// Source returns the index. It is a binary.Source, is the same at every call, and is safe for
// concurrent use.
func Source() *fileindex.Index { return index() }
