package unwind

import (
	_ "embed"
	"sync"
)

//go:embed libraries.gz
var libraries []byte

// Default returns the table of this package, which is of Debian's static libraries. It is read
// at the first call.
func Default() *Table { return defaultTable() }

var defaultTable = sync.OnceValue(func() *Table { return must(libraries) })
