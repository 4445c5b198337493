// Package debian is a table of Debian's static libraries, which finds them in programs: those of
// Debian 11, 12 and 13 for amd64. What other compilers and other systems made of the same sources
// it does not know. It is 0.9 MB in the program that imports this package, and 9 MB in memory
// from the first call of Table.
//
// The program in rules/learn makes it, of Debian's archive: see there.
package debian

import (
	_ "embed"
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
)

//go:embed libraries.gz
var libraries string

// Table returns the table. It reads it on its first call, which takes some 40 ms, and may be called
// concurrently.
func Table() *staticlib.Table { return table() }

var table = sync.OnceValue(func() *staticlib.Table {
	t, err := staticlib.Read(strings.NewReader(libraries))
	if err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	return t
})
