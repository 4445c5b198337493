// Package staticlib is a table of the functions in static libraries, by which programs are found that
// such a library is linked into, of whose text nothing is left.
//
// What a compiler writes of each function for unwinding the stack (.eh_frame) stays in programs, stripped
// or not: how long the function is, and where in it the frame changes. That is as good as a
// fingerprint, and a linker takes whole object files of a library. So what has all functions of some
// object files of a version is linked with that version. Package staticlib/debian has a table of
// Debian's libraries.
//
//	d, err := binary.New(&binary.Options{Libraries: debian.Table()})
package staticlib

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrTable is the error for a table that is none.
var ErrTable = errors.New("staticlib: not a table of libraries")

// Library is one version of the static libraries of a project, as a package has it.
type Library struct {
	// Name is the project's, and Version the upstream's.
	Name, Version string
	// Origin is the package, its version and the suite that it was in.
	Origin string
	// Functions is how many the table has of it, in how many groups.
	Functions, Groups int
}

// Limits of a table, in items and in bytes of its text.
const (
	maxLibraries    = 1 << 16
	maxGroups       = 1 << groupBits
	maxFingerprints = 1 << 20
	maxTable        = 32 << 20
)

// kept bits of a fingerprint are in the table. With some hundred thousand of them, one function
// in ten million is taken for another by chance.
const kept = 40

// groupBits are those of the number of a group.
const groupBits = 64 - kept

// Group is functions of a library that are linked together, because they are of one object
// file.
type Group struct {
	// Library is the number of the library.
	Library int
	// Functions is how many the table has of the group.
	Functions int
}

// Table says which library a function is of. It does not change, and may be used
// concurrently.
type Table struct {
	libraries []Library
	groups    []Group
	keys      []uint64 // fingerprints with the number of the group below, in order
	starts    []int32  // of the keys that begin with the same 12 bits
}

// New makes a table of fingerprints and the groups they are in. The groups of a library have
// its number and stand behind those of the ones before.
func New(libraries []Library, groups []int, functions map[uint64]int) *Table {
	t := &Table{libraries: libraries}
	for _, library := range groups {
		t.groups = append(t.groups, Group{Library: library})
	}
	for f, group := range functions {
		t.keys = append(t.keys, f>>(64-kept)<<groupBits|uint64(group))
	}
	slices.Sort(t.keys)
	t.keys = slices.CompactFunc(t.keys, func(a, b uint64) bool { return a>>groupBits == b>>groupBits })
	t.index()
	return t
}

const startBits = 12

func (t *Table) index() {
	t.starts = make([]int32, 1<<startBits+1)
	for _, g := range t.groups {
		t.libraries[g.Library].Groups++
	}
	for _, k := range t.keys {
		t.starts[k>>(64-startBits)+1]++
		g := &t.groups[k%maxGroups]
		g.Functions++
		t.libraries[g.Library].Functions++
	}
	for i := range 1 << startBits {
		t.starts[i+1] += t.starts[i]
	}
}

// Find returns the number of the group that has a function; false if none has.
func (t *Table) Find(fingerprint uint64) (group int, ok bool) {
	f := fingerprint >> (64 - kept)
	from, to := t.starts[f>>(kept-startBits)], t.starts[f>>(kept-startBits)+1]
	i, _ := slices.BinarySearch(t.keys[from:to], f<<groupBits)
	if i += int(from); i == len(t.keys) || t.keys[i]>>groupBits != f {
		return 0, false
	}
	return int(t.keys[i] % maxGroups), true
}

// Group returns the group of that number.
func (t *Table) Group(i int) Group { return t.groups[i] }

// Library returns the library of that number.
func (t *Table) Library(i int) Library { return t.libraries[i] }

// Len returns how many libraries and functions there are.
func (t *Table) Len() (libraries, functions int) { return len(t.libraries), len(t.keys) }

// Write writes the table: compressed by gzip, a line for each library of name, version and
// origin with tabs between them, and an empty line. Behind it are unsigned varints: the number of
// groups, for each the distance of its library from that of the one before, and
// the fingerprints in order, each as the distance from the one before and its group.
func (t *Table) Write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	var b []byte
	for _, l := range t.libraries {
		b = fmt.Appendf(b, "%s\t%s\t%s\n", l.Name, l.Version, l.Origin)
	}
	b = binary.AppendUvarint(append(b, '\n'), uint64(len(t.groups)))
	library := 0
	for _, g := range t.groups {
		b = binary.AppendUvarint(b, uint64(g.Library-library))
		library = g.Library
	}
	last := uint64(0)
	for _, k := range t.keys {
		b = binary.AppendUvarint(b, k>>groupBits-last)
		b = binary.AppendUvarint(b, k%maxGroups)
		last = k >> groupBits
	}
	_, err = z.Write(b)
	return errors.Join(err, z.Close())
}

// Read reads what Write wrote. The error is ErrTable for anything else.
func Read(r io.Reader) (*Table, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, ErrTable
	}
	b, err := io.ReadAll(io.LimitReader(z, maxTable))
	if err != nil {
		return nil, ErrTable
	}
	return parse(b)
}

func parse(text []byte) (*Table, error) {
	t := new(Table)
	end := 0 // of the lines
	if !bytes.HasPrefix(text, []byte("\n")) {
		if end = bytes.Index(text, []byte("\n\n")) + 1; end == 0 {
			return nil, ErrTable
		}
	}
	for line := range strings.Lines(string(text[:end])) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 || f[0] == "" || f[1] == "" || len(t.libraries) == maxLibraries {
			return nil, ErrTable
		}
		t.libraries = append(t.libraries, Library{Name: f[0], Version: f[1], Origin: f[2]})
	}
	if err := t.fingerprints(text[end+1:]); err != nil {
		return nil, err
	}
	t.index()
	return t, nil
}

// varint takes a number below limit off b; false if there is none.
func varint(b *[]byte, limit uint64) (uint64, bool) {
	v, n := binary.Uvarint(*b)
	if n <= 0 || v >= limit {
		return 0, false
	}
	*b = (*b)[n:]
	return v, true
}

func (t *Table) fingerprints(b []byte) error {
	n, ok := varint(&b, min(maxGroups, uint64(len(b))+1)) // Each takes a byte.
	library := uint64(0)
	for ; ok && n > 0; n-- {
		var more uint64
		if more, ok = varint(&b, uint64(len(t.libraries))-library); ok {
			library += more
			t.groups = append(t.groups, Group{Library: int(library)})
		}
	}
	const least = 5 // bytes of most fingerprints
	t.keys = make([]uint64, 0, min(len(b)/least, maxFingerprints))
	last := uint64(0)
	for ok && len(b) > 0 {
		var distance, group uint64
		if distance, ok = varint(&b, 1<<kept-last); !ok || len(t.keys) == maxFingerprints || len(t.keys) > 0 && distance == 0 {
			return ErrTable
		}
		last += distance
		if group, ok = varint(&b, uint64(len(t.groups))); ok {
			t.keys = append(t.keys, last<<groupBits|group)
		}
	}
	if !ok {
		return ErrTable
	}
	return nil
}
