// Package names knows of which project the programs and shared libraries are that
// distributions ship: that psql is of postgresql, and libgvc.so.6 of graphviz. It is made
// of Debian's own lists of files; see the program in generate.
package names

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"strings"
	"sync"
)

//go:embed debian.tsv.gz
var packed []byte

// text is the table, a line for each project, sorted: the project, and the names of its
// files.
var text = sync.OnceValue(func() map[string]string {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	b, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	table := make(map[string]string, 32<<10)
	for line := range strings.Lines(string(b)) {
		project, files, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		for file := range strings.SplitSeq(files, " ") {
			table[file] = project
		}
	}
	return table
})

// Project returns the project of a program or shared library by the name of its file
// without what follows ".so"; empty if none or several have one of that name, or if its name
// is the project's. It reads the table on its first call, which takes some ms and 4 MiB,
// and may be called concurrently.
func Project(file string) string { return text()[file] }
