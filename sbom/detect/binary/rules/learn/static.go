package main

import (
	"archive/tar"
	"bytes"
	debugelf "debug/elf"
	"errors"
	"io"
	"log"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/unwind"
)

// Limits of what is read of static libraries, in bytes, and of the packages of a source.
const (
	maxDev         = 40 << 20
	maxDevPackages = 5
	maxArchive     = 400 << 20
)

// static is the static libraries of one source of one suite.
type static struct {
	Suite, Source, Homepage, Version, Package string
	Archives                                  []staticLibrary
}

// staticLibrary is one static library.
type staticLibrary struct {
	Path    string
	Members []member
}

// member is what one object file of a static library has: the fingerprints of its functions, and
// the members that are linked as well where it is, by their numbers.
type member struct {
	Functions []function `json:",omitempty"`
	Needs     []int      `json:",omitempty"`
}

// function is the fingerprint of one, and the length of its machine code in bytes.
type function struct {
	Fingerprint uint64
	Size        uint32
}

// foreign are the beginnings and ends of names of packages that have static libraries of
// other languages, and variants of the same code for the profiler and the like.
var foreign = []string{"libghc-", "librust-", "golang-", "-ocaml-dev", "-prof", "-dbg", "-mingw-w64", "-mingw-w64-x86-64", "-cross"}

// runtimes are symbols of the runtimes of other languages.
var runtimes = []string{"rust_eh_personality", "runtime.goexit", "_cgo_topofstack", "caml_startup"}

// isArchive reports whether a path is that of a static library for the programs of the suite.
func isArchive(file string) bool {
	file = strings.TrimPrefix(strings.TrimLeft(file, "./"), "usr/")
	dir, base := path.Split(file)
	return strings.HasPrefix(base, "lib") && strings.HasSuffix(base, ".a") && !strings.HasSuffix(base, "_p.a") &&
		(dir == "lib/" || strings.HasPrefix(dir, "lib/x86_64-linux-gnu/") || dir == "lib/x86_64-linux-musl/") && !strings.Contains(dir, "/debug/")
}

// staticJobs returns the packages with static libraries, by suite and source.
func (m *mirror) staticJobs(suite string) ([]job, error) {
	packages, err := m.packages(suite, func(name string) bool {
		return !slices.ContainsFunc(foreign, func(s string) bool { return strings.HasPrefix(name, s) || strings.HasSuffix(name, s) })
	})
	if err != nil {
		return nil, err
	}
	if err := m.contents(suite, func(file, name string) {
		if p := packages[name]; p != nil && isArchive(file) {
			p.libraries++
		}
	}); err != nil {
		return nil, err
	}
	bySource := make(map[string][]*pkg)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		if p := packages[name]; p.libraries > 0 && p.Size <= maxDev {
			bySource[p.Source] = append(bySource[p.Source], p)
		}
	}
	var out []job
	for _, source := range slices.Sorted(maps.Keys(bySource)) {
		list := bySource[source]
		slices.SortStableFunc(list, func(a, b *pkg) int { return b.libraries - a.libraries })
		out = append(out, job{suite, source, list[:min(len(list), maxDevPackages)]})
	}
	return out, nil
}

// harvestStatic looks at the static libraries of all suites, and writes a record for each source
// that has none yet.
func harvestStatic(m *mirror, suites []string, records string, workers int) error {
	var g errgroup.Group
	g.SetLimit(workers)
	for _, suite := range suites {
		list, err := m.staticJobs(suite)
		if err != nil {
			return err
		}
		for i, j := range list {
			file := filepath.Join(records, suite, j.name+".json.zst")
			if i%200 == 0 {
				log.Printf("%s: source %d of %d", suite, i, len(list))
			}
			if _, err := os.Stat(file); err == nil {
				continue
			}
			g.Go(func() error {
				s, err := m.lookAtStatic(j)
				if err != nil {
					log.Printf("%s %s: %v", j.suite, j.name, err)
					return nil
				}
				return writeRecord(file, s)
			})
		}
	}
	return g.Wait()
}

func (m *mirror) lookAtStatic(j job) (*static, error) {
	p := j.packages[0]
	s := &static{Suite: j.suite, Source: j.name, Homepage: p.Homepage, Version: p.Version, Package: p.Name}
	for _, p := range j.packages {
		if err := m.eachFile(p, eachArchive, func(t *tar.Header, r io.Reader) error {
			b, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			a := staticLibrary{Path: strings.TrimPrefix(t.Name, "."), Members: members(b)}
			s.Archives = append(s.Archives, a)
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// eachArchive calls f for the static libraries of a package.
func eachArchive(r *tar.Reader, _ *pkg, f func(*tar.Header, io.Reader) error) error {
	for {
		t, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if t.Typeflag != tar.TypeReg || !isArchive(t.Name) || t.Size > maxArchive {
			continue
		}
		if err := f(t, r); err != nil {
			return err
		}
	}
}

// object is an object file while its archive is read.
type object struct {
	functions        []function
	defined, missing []string
	runtime          bool // of another language
}

// members reads an archive (ar(5), with GNU's or BSD's long names, which do not matter here).
// What is no object file has no functions.
func members(b []byte) []member {
	var objects []object
	b = bytes.TrimPrefix(b, []byte("!<arch>\n"))
	for len(b) >= 60 {
		size, err := strconv.Atoi(strings.TrimSpace(string(b[48:58])))
		if err != nil || size < 0 || size > len(b)-60 {
			break
		}
		if content := b[60 : 60+size]; bytes.HasPrefix(content, []byte("\x7fELF")) {
			o, err := readObject(content)
			if err != nil {
				log.Printf("an object file: %v", err)
			}
			objects = append(objects, o)
		}
		b = b[min(len(b), 60+size+size&1):]
	}
	if slices.ContainsFunc(objects, func(o object) bool { return o.runtime }) {
		return nil // Most of it is what all programs of the language have.
	}
	owner := make(map[string]int)
	for i, o := range objects {
		for _, name := range o.defined {
			if _, ok := owner[name]; !ok {
				owner[name] = i
			}
		}
	}
	out := make([]member, len(objects))
	for i, o := range objects {
		out[i].Functions = o.functions
		for _, name := range o.missing {
			if k, ok := owner[name]; ok && k != i && !slices.Contains(out[i].Needs, k) {
				out[i].Needs = append(out[i].Needs, k)
			}
		}
	}
	return out
}

func readObject(b []byte) (o object, err error) {
	f, err := debugelf.NewFile(bytes.NewReader(b))
	if err != nil {
		return o, err
	}
	if f.Machine != debugelf.EM_X86_64 {
		return o, nil
	}
	symbols, err := f.Symbols()
	if err != nil && !errors.Is(err, debugelf.ErrNoSymbols) {
		return o, err
	}
	for _, s := range symbols {
		o.runtime = o.runtime || slices.Contains(runtimes, s.Name)
		switch bind := debugelf.ST_BIND(s.Info); {
		case s.Section == debugelf.SHN_UNDEF && bind == debugelf.STB_GLOBAL:
			o.missing = append(o.missing, s.Name)
		case s.Section != debugelf.SHN_UNDEF && bind == debugelf.STB_GLOBAL:
			o.defined = append(o.defined, s.Name)
		}
	}
	section := f.Section(".eh_frame")
	if section == nil {
		return o, nil
	}
	table, err := section.Data()
	if err != nil {
		return o, err
	}
	shared := shared(f, symbols)
	unwind.Functions(table, func(fingerprint uint64, first, last int64) {
		if i, _ := slices.BinarySearch(shared, first); i == len(shared) || shared[i] > last+addressAt {
			o.functions = append(o.functions, function{fingerprint, f.ByteOrder.Uint32(table[last+addressAt+4:])})
		}
	})
	return o, nil
}

// addressAt is where in the record of a function its address is, with the length of its code
// behind.
const addressAt = 8

// shared returns where in the section .eh_frame addresses of functions are that are in a
// group: these, such as what a compiler makes of C++ templates, are in other libraries as well,
// and the linker keeps one of them.
func shared(f *debugelf.File, symbols []debugelf.Symbol) []int64 {
	var out []int64
	relocations := f.Section(".rela.eh_frame")
	if relocations == nil {
		return nil
	}
	b, err := relocations.Data()
	if err != nil {
		return nil
	}
	for ; len(b) >= 24; b = b[24:] {
		n := int(f.ByteOrder.Uint32(b[12:])) - 1 // Symbols leaves the first one out.
		if n < 0 || n >= len(symbols) {
			continue
		}
		const code = debugelf.SHF_GROUP | debugelf.SHF_EXECINSTR
		if i := int(symbols[n].Section); i < len(f.Sections) && f.Sections[i].Flags&code == code {
			out = append(out, int64(f.ByteOrder.Uint64(b)))
		}
	}
	slices.Sort(out)
	return out
}

func readStatic(file string) (*static, error) {
	s := new(static)
	return s, readRecord(file, s)
}
