package names

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"io"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
)

//go:embed releases.tsv.gz
var packedReleases []byte

// lines are those of the table of releases, in order of the projects: the name of a
// project as [Key] has it with "*" behind it if it has libraries, its spelling if that differs, and its releases as [upstream.Canonical]
// has them, divided by spaces; tabs between them.
var lines = sync.OnceValue(func() []string {
	z, err := gzip.NewReader(bytes.NewReader(packedReleases))
	if err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	b, err := io.ReadAll(z)
	if err != nil {
		panic(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
})

// Releases are the versions of a project that Debian has or had in the suites that the table
// was made of. They are by no means all that there are: that a version is one of them says much,
// that it is not says little.
type Releases struct {
	project, versions string
	library           bool
}

// ReleasesOf returns the known releases of a project, by its name as Debian calls the source,
// in any spelling that has the same letters and digits; none if it is not known. It reads the
// table on its first call, which takes some ms and 1 MiB, and may be called concurrently.
func ReleasesOf(project string) Releases {
	key := Key(project) + "\t"
	all := lines()
	i := sort.Search(len(all), func(i int) bool { return all[i] >= key })
	if i == len(all) || len(key) < 3 {
		return Releases{}
	}
	fields := strings.SplitN(all[i], "\t", 3)
	if len(fields) < 3 {
		return Releases{}
	}
	name, library := strings.CutSuffix(fields[0], "*")
	if name != key[:len(key)-1] {
		return Releases{}
	}
	return Releases{cmp.Or(fields[1], name), fields[2], library}
}

// Library reports whether the project has libraries, which may be part of the programs of others.
func (r Releases) Library() bool { return r.library }

// Project returns the name as Debian spells it.
func (r Releases) Project() string { return r.project }

// None reports whether no release is known.
func (r Releases) None() bool { return r.versions == "" }

// First returns the first number of the first known release, 0 if none is known.
func (r Releases) First() int {
	first := 0
	for i, v := range strings.Fields(r.versions) {
		number, _, _ := strings.Cut(v, ".")
		if n, err := strconv.Atoi(number); err == nil && (n < first || i == 0) {
			first = n
		}
	}
	return first
}

// Has reports whether a version is one of the releases. "6.9.11-60" is 6.9.11.60, and "1.2" is
// 1.2.0.
func (r Releases) Has(version string) bool {
	canonical := upstream.Canonical(version)
	if canonical == "" {
		return false
	}
	for rest := r.versions; rest != ""; {
		var v string
		if v, rest, _ = strings.Cut(rest, " "); v == canonical {
			return true
		}
	}
	return false
}

// Same reports whether two spellings of a version are the same.
func Same(a, b string) bool { return upstream.Canonical(a) == upstream.Canonical(b) }

// Key returns a name as names are compared: small letters and digits.
func Key(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r | 0x20
		}
		return -1
	}, name)
}
