// Package names knows of which project the programs and shared libraries are that
// distributions ship: that psql is of postgresql, and libgvc.so.6 of graphviz. It is made
// of Debian's own lists of files; see the program in generate.
package names

import (
	"bytes"
	_ "embed"
	"iter"
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

//go:embed debian.tsv.gz
var packed []byte

// table finds projects in the text of the list, which has a line for each: the project, and
// the names of its files behind a tab, divided by spaces.
type table struct {
	text string
	// slots have the places in the text of the names of files, 0 where there is none: a
	// name is in the slot of its hash, or in the next that was free.
	slots []uint32
}

const slotBits = 16

var list = sync.OnceValue(func() *table {
	var b strings.Builder
	b.Grow(3 * len(packed))
	if _, err := inflate.NewGzipReader(bytes.NewReader(packed)).WriteTo(&b); err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	return newTable(b.String())
})

func newTable(text string) *table {
	t := &table{text, make([]uint32, 1<<slotBits)}
	for file, at := range t.files() {
		slot := slotOf(file)
		for t.slots[slot] != 0 {
			slot = (slot + 1) % (1 << slotBits)
		}
		t.slots[slot] = uint32(at)
	}
	return t
}

// files yields the names of files with their places in the text.
func (t *table) files() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		begin := 0
		for line := range strings.Lines(t.text) {
			project, files, _ := strings.Cut(line, "\t")
			at := begin + len(project) + 1
			for file := range strings.SplitSeq(strings.TrimSuffix(files, "\n"), " ") {
				if !yield(file, at) {
					return
				}
				at += len(file) + 1
			}
			begin += len(line)
		}
	}
}

// project returns the project of a file, empty if there is none.
func (t *table) project(file string) string {
	for slot := slotOf(file); t.slots[slot] != 0; slot = (slot + 1) % (1 << slotBits) {
		at := int(t.slots[slot])
		if rest, ok := strings.CutPrefix(t.text[at:], file); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\n') {
			line := t.text[strings.LastIndexByte(t.text[:at], '\n')+1 : at]
			project, _, _ := strings.Cut(line, "\t")
			return project
		}
	}
	return ""
}

// slotOf is FNV-1a, cut down.
func slotOf(file string) uint32 {
	h := uint32(2166136261)
	for i := range len(file) {
		h = (h ^ uint32(file[i])) * 16777619
	}
	return h >> (32 - slotBits)
}

// Project returns the project of a program or shared library by the name of its file
// without what follows ".so"; empty if none or several have one of that name, if one of its spellings
// is the project's, or if it is a word that anyone may call a program. It reads the table on its
// first call, which takes some ms and less than 1 MiB, and may be called concurrently.
func Project(file string) string {
	if words[file] {
		return ""
	}
	return list().project(file)
}
