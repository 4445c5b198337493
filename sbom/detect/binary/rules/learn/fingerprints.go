package main

import (
	"cmp"
	"io/fs"
	"log"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
)

// Of what a program links of a library, wanted functions are in the table at least,
// not more than perObject of one object file, and about atMost of one library of one suite.
const (
	wanted    = 4
	perObject = 6
	atMost    = 160
)

// releases are the numbers of Debian's suites.
var releases = map[string]string{"bullseye": "Debian 11", "bookworm": "Debian 12", "trixie": "Debian 13"}

// fingerprints makes the table of the static libraries of suites from their records.
func fingerprints(dir string, suites []string, known *rules.Table) (*staticlib.Table, error) {
	all, err := readStatics(dir, suites)
	if err != nil {
		return nil, err
	}
	var libraries []staticlib.Library
	numbers := make(map[[2]string]int)
	owners := make(map[uint64]int)
	sources := make(map[uint64]string)
	built := make(map[uint64]int) // by suites, a bit for each
	names := newNaming(known, all)
	library := make([]int, len(all))
	for i, s := range all {
		version := s.version()
		k := [2]string{names.project(s), upstream.Canonical(version)}
		n, ok := numbers[k]
		if !ok {
			n = len(libraries)
			numbers[k] = n
			libraries = append(libraries, staticlib.Library{Name: k[0], Version: version, Origin: s.Package + " " + s.Version + ", " + releases[s.Suite]})
		}
		library[i] = n
		for _, a := range s.Archives {
			for _, m := range a.Members {
				for _, f := range m.Functions {
					built[f.Fingerprint] |= 1 << slices.Index(suites, s.Suite)
					if have, ok := owners[f.Fingerprint]; ok && have != n {
						owners[f.Fingerprint] = -1
					} else {
						owners[f.Fingerprint] = n
						sources[f.Fingerprint] = s.Source
					}
				}
			}
		}
	}
	for _, suite := range suites {
		elsewhere, err := copied(filepath.Join(filepath.Dir(dir), "users"), suite, func(f uint64) string { return sources[f] })
		if err != nil {
			return nil, err
		}
		log.Printf("%s: %d functions are in others as well", suite, len(elsewhere))
		for f := range elsewhere {
			owners[f] = -1
		}
	}
	groups := make([][]fingerprinted, len(libraries))
	for i, s := range all {
		groups[library[i]] = append(groups[library[i]], s.choose(func(f uint64) bool { return owners[f] >= 0 })...)
	}
	chosen, of := make(map[uint64]int), []int(nil)
	for n, objects := range groups {
		for _, o := range objects {
			// What two suites build of one version has some functions in common.
			bySuites := make(map[int][]uint64)
			for _, f := range o {
				if _, ok := chosen[f]; !ok {
					bySuites[built[f]] = append(bySuites[built[f]], f)
				}
			}
			for _, suites := range slices.Sorted(maps.Keys(bySuites)) {
				for _, f := range bySuites[suites] {
					chosen[f] = len(of)
				}
				of = append(of, n)
			}
		}
	}
	log.Printf("%d libraries, %d of %d functions in %d groups", len(libraries), len(chosen), len(owners), len(of))
	return staticlib.New(libraries, of, chosen), nil
}

// readStatics reads the records of suites, but for those of packages that move.
func readStatics(dir string, suites []string) (all []*static, err error) {
	for _, suite := range suites {
		err := filepath.WalkDir(filepath.Join(dir, suite), func(file string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(file, ".zst") {
				return err
			}
			s, err := readStatic(file)
			if err == nil && !moving.MatchString(s.Version) {
				all = append(all, s)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// naming knows how the projects of sources are called in the table.
type naming struct {
	rows   *rules.Table
	names  map[string]string // of rows, by how unadorned has any of their names
	owners map[string]string // of rows, the sources with one of their names
	titles map[string]bool
}

func newNaming(known *rules.Table, all []*static) *naming {
	n := &naming{known, make(map[string]string), make(map[string]string), make(map[string]bool)}
	for _, k := range slices.Backward(known.Products) { // The first row has a name that two have.
		for _, name := range append([]string{k.Name}, k.Names...) {
			n.names[unadorned(name)] = k.Name
		}
	}
	for _, s := range all {
		n.titles[upstream.Title(upstream.Project(s.Source, s.Homepage))] = true
		if row := n.names[unadorned(s.Source)]; row != "" {
			n.owners[row] = s.Source
		}
	}
	return n
}

var punctuation = strings.NewReplacer("-", "", "_", "", ".", "")

// unadorned returns a name as those of rows and sources are compared: libcrypto is not libcrypto++.
func unadorned(name string) string {
	return strings.TrimPrefix(punctuation.Replace(strings.ToLower(name)), "lib")
}

// project returns the name of a source's project in the table: of the row that has its name,
// or that, written by hand, has all of its libraries and not the name of another source.
func (n *naming) project(s *static) string {
	name := upstream.Title(upstream.Project(s.Source, s.Homepage))
	if row := n.names[unadorned(s.Source)]; row != "" {
		return row
	}
	if row := n.names[unadorned(name)]; row != "" && n.owners[row] == "" {
		return row
	}
	for i := range n.rows.Products {
		k := &n.rows.Products[i]
		if written(k) && !n.titles[k.Name] && n.owners[k.Name] == "" && !slices.ContainsFunc(s.Archives, func(a staticLibrary) bool {
			return !k.Library(strings.TrimSuffix(path.Base(a.Path), ".a") + ".so")
		}) {
			return k.Name
		}
	}
	return name
}

// version returns the upstream's version. A date behind a hyphen is part of it, as in
// 3.1-20221030.
func (s *static) version() string {
	v := s.Version[strings.IndexByte(s.Version, ':')+1:]
	if m := dated.FindString(v); m != "" {
		return m
	}
	return upstream.Version(s.Version)
}

// moving are versions of sources that get new ones of the upstream within a release: most
// functions are the same in all of them.
var moving = regexp.MustCompile(`-0\+deb\d+u\d+$|-1~deb\d+u\d+$`)

var dated = regexp.MustCompile(`^[0-9.]+-20[0-9]{6}`)

// fingerprinted is the functions that are chosen of one object file.
type fingerprinted []uint64

// choose chooses object files of each archive such that wherever a program links one, some
// functions that are chosen are in it, if there are any: those that most others bring with them.
// Of an object file it takes the longest functions, which change most often.
func (s *static) choose(usable func(uint64) bool) []fingerprinted {
	var out []fingerprinted
	has := make(map[uint64]bool)
	for _, a := range s.Archives {
		brought, closures := make([]int, len(a.Members)), make([][]int, len(a.Members))
		for i := range a.Members {
			closures[i] = a.closure(i)
			for _, m := range closures[i] {
				brought[m]++
			}
		}
		most := func(i, j int) int { return cmp.Or(cmp.Compare(brought[j], brought[i]), cmp.Compare(i, j)) }
		order := slices.Collect(maps.Keys(maps.Collect(slices.All(closures))))
		slices.SortFunc(order, most)
		taken := make([]int, len(a.Members)) // functions
		for _, i := range order {
			have := 0
			slices.SortFunc(closures[i], most)
			for _, m := range closures[i] {
				have += taken[m]
			}
			for _, m := range closures[i] {
				if have >= wanted || len(has) >= atMost {
					break
				}
				if taken[m] > 0 {
					continue
				}
				if o := a.Members[m].longest(func(f uint64) bool { return usable(f) && !has[f] }); len(o) > 0 {
					for _, f := range o {
						has[f] = true
					}
					out, taken[m], have = append(out, o), len(o), have+len(o)
				}
			}
		}
	}
	return out
}

// longest returns the longest functions that are usable.
func (m *member) longest(usable func(uint64) bool) fingerprinted {
	list := slices.DeleteFunc(slices.Clone(m.Functions), func(f function) bool { return !usable(f.Fingerprint) })
	slices.SortFunc(list, func(a, b function) int {
		return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	list = slices.CompactFunc(list, func(a, b function) bool { return a.Fingerprint == b.Fingerprint })
	var out fingerprinted
	for _, f := range list[:min(len(list), perObject)] {
		out = append(out, f.Fingerprint)
	}
	return out
}

// maxClosure is how many members of one are followed.
const maxClosure = 2000

// closure returns the members that are linked where one is, itself first.
func (a *staticLibrary) closure(member int) []int {
	seen := make([]bool, len(a.Members))
	seen[member] = true
	out := []int{member}
	for i := 0; i < len(out) && len(out) < maxClosure; i++ {
		for _, n := range a.Members[out[i]].Needs {
			if n < len(seen) && !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	return out
}

// writeStatic makes the table of static libraries.
func writeStatic(file, records string, suites []string) error {
	t, err := fingerprints(records, suites, rules.Load())
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := t.Write(f); err != nil {
		return err
	}
	return f.Close()
}
