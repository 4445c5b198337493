// Package bundled knows which libraries the releases of Node, Bun and Deno were built
// from, by the lists that they print of themselves, and those of the libvips that image
// tools of Node load, by the lists beside them.
//
// The programs link most of what they need statically, and little of it says its version in
// their bytes. So the release's own list is asked for once, when the tables are made (see
// generate), and looked up when a program is found to be that release.
package bundled

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// ErrTable is the error for a table that is none.
var ErrTable = errors.New("bundled: not a table of lists")

// Lists has for each release of a runtime its list: versions by the keys of process.versions.
type Lists map[string]map[string]string

// In a table, none is for what a release does not list, and same for what it has
// as the release before.
const (
	none = "-"
	same = ""
)

// Write writes the lists as a table: a line of keys, then one line a release, the oldest
// first, in columns divided by tabs.
func (l Lists) Write(w io.Writer) error {
	set := make(map[string]bool)
	for _, list := range l {
		for key := range list {
			set[key] = true
		}
	}
	keys := slices.Sorted(maps.Keys(set))
	b := bufio.NewWriter(w)
	b.WriteString(strings.Join(append([]string{"release"}, keys...), "\t") + "\n")
	last := make([]string, len(keys))
	for _, release := range slices.SortedFunc(maps.Keys(l), compare) {
		b.WriteString(release)
		for i, key := range keys {
			v := l[release][key]
			if v == "" {
				v = none
			}
			b.WriteByte('\t')
			if v != last[i] {
				b.WriteString(v)
			}
			last[i] = v
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}

func compare(a, b string) int { return semver.Compare("v"+a, "v"+b) }

// Read reads a table. The error is ErrTable for what Write does not write.
func Read(r io.Reader) (Lists, error) {
	s := bufio.NewScanner(r)
	if !s.Scan() {
		return nil, errors.Join(ErrTable, s.Err())
	}
	keys := strings.Split(s.Text(), "\t")[1:]
	if slices.Contains(keys, "") {
		return nil, fmt.Errorf("%w: a column without a key", ErrTable)
	}
	l, last := make(Lists), make([]string, len(keys))
	for s.Scan() {
		cells := strings.Split(s.Text(), "\t")
		if len(cells) != len(keys)+1 || l[cells[0]] != nil {
			return nil, fmt.Errorf("%w: line %q", ErrTable, cells[0])
		}
		list := make(map[string]string)
		for i, v := range cells[1:] {
			if v == same {
				v = last[i]
			}
			if last[i] = v; v != none && v != "" {
				list[keys[i]] = v
			}
		}
		l[cells[0]] = list
	}
	return l, s.Err()
}
