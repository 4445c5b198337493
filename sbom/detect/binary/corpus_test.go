package binary_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex/debian"
	static "github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib/debian"
	"github.com/imagetrust/imagetrust/sbom/detect/cargo"
	"github.com/imagetrust/imagetrust/sbom/detect/golang"
)

var (
	corpus = flag.String("corpus", os.Getenv("IMAGETRUST_BINARIES"), "directory of files with known answers, with truth.json and tree")
	eager  = flag.Bool("eager", false, "evaluate the eager mode")
	index  = flag.Bool("index", false, "evaluate once more with the index of Debian's programs")
)

// truth is what is known to be in a file, in the words of the corpus.
type truth struct {
	Path, Case, Class, Variant string
	Truth                      []item
	Complete                   bool
	Also                       []string
}

type item struct {
	Name, Version, Role, CPE, PURL string
	Aliases, Alt                   []string
}

// counts are of one line of the table.
type counts struct{ items, exact, name, reports, right, wrongVersion int }

// TestCorpus evaluates the detector, with those for programs that carry their own lists, on
// files with known answers:
//
//	go test ./sbom/detect/binary -run Corpus -v -corpus DIR [-eager] [-index]
//
// It prints recall (name and version right) and precision, once for the upstreams that the
// rules were written with and once for those that were held out. It fails when what is
// promised of the precise mode does not hold. That is what the content of the files says alone;
// with -index a second table is what is said with package fileindex/debian.
func TestCorpus(t *testing.T) {
	if *corpus == "" {
		t.Skip("no -corpus: a directory made by the build script of the corpus of binaries")
	}
	b, err := os.ReadFile(filepath.Join(*corpus, "truth.json"))
	if err != nil {
		t.Skip(err)
	}
	var all struct{ Files []truth }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	evaluate(t, all.Files)
	if *index {
		t.Log("with the index of Debian's programs:")
		evaluate(t, all.Files, debian.Source())
	}
}

func evaluate(t *testing.T, files []truth, sources ...binary.Source) {
	d, err := binary.New(&binary.Options{Eager: *eager, Libraries: static.Table(), Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	lines, rules := make(map[string]*counts), make(map[string]*counts)
	var reports []binary.File
	var found []truth
	for _, f := range files {
		file := filepath.Join(*corpus, "tree", f.Path)
		if _, err := os.Stat(file); err != nil {
			continue
		}
		reports = append(reports, binary.File{Path: f.Path, Report: report(t, d, file, f.Path)})
		found = append(found, f)
	}
	binary.Siblings(reports)
	for i := range found {
		file := filepath.Join(*corpus, "tree", found[i].Path)
		score(&found[i], append(findings(reports[i].Report), lists(t, file, found[i].Path)...), lines, rules)
	}
	show(t, lines, rules)
	if *eager {
		return
	}
	total := *lines["all  precision"]
	if total.right*100 < total.reports*97 || total.wrongVersion*100 > total.reports*2 {
		t.Errorf("precision %d of %d, %d with a wrong version", total.right, total.reports, total.wrongVersion)
	}
	for line, least := range map[string]int{"all  main": 70, "all  main, C and C++, own name": 75, "all  main, renamed": 55, "all  crate": 40} {
		if c := lines[line]; c != nil && c.exact*100 < c.items*least {
			t.Errorf("%s: %d of %d, of which %d %% are promised", line, c.exact, c.items, least)
		}
	}
}

// found is one report.
type found struct{ name, version, rule string }

// open opens a file, which is the caller's to close.
func open(t *testing.T, file string) (f *os.File, size int64) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return f, info.Size()
}

func report(t *testing.T, d *binary.Detector, file, path string) *binary.Report {
	t.Helper()
	f, size := open(t, file)
	defer f.Close()
	r, err := d.Identify(context.Background(), path, size, f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func findings(r *binary.Report) []found {
	var out []found
	for _, x := range r.Findings {
		out = append(out, found{x.Name, x.Version, x.Rule()})
	}
	return out
}

// lists returns what the file's own lists of modules and crates say.
func lists(t *testing.T, file, path string) []found {
	t.Helper()
	f, size := open(t, file)
	defer f.Close()
	var out []found
	head := make([]byte, detect.HeadSize)
	n, _ := f.ReadAt(head, 0)
	in := &detect.File{Entry: detect.Entry{Path: path, Mode: 0o755, Size: size, Head: head[:n]}, ReaderAt: f}
	for _, other := range []detect.Detector{golang.New(), cargo.New()} {
		if !other.Wants(&in.Entry) {
			continue
		}
		frag, err := other.Detect(context.Background(), in)
		if err != nil || frag == nil {
			continue
		}
		for _, c := range frag.Components {
			if c.Version != "" && c.Scope == sbom.ScopeInstalled {
				out = append(out, found{c.Name, c.Version, other.ID().Name})
			}
		}
	}
	return out
}

var notName = regexp.MustCompile(`[^a-z0-9]`)

func plain(name string) string { return notName.ReplaceAllString(strings.ToLower(name), "") }

// known returns the spellings of an item's name.
func (i *item) known() map[string]bool {
	set := map[string]bool{plain(i.Name): true}
	for _, a := range i.Aliases {
		set[plain(a)] = true
	}
	if f := strings.Split(i.CPE, ":"); len(f) > 4 {
		set[plain(f[4])] = true
	}
	for _, s := range slices.Collect(maps.Keys(set)) {
		if short, ok := strings.CutPrefix(s, "lib"); ok && len(s) > 5 {
			set[short] = true
		}
		set["lib"+s] = true
	}
	return set
}

var prefix = regexp.MustCompile(`^(go|v|release[-_ ]?|version[-_ ]?)([0-9])`)
var zeros = regexp.MustCompile(`(\.0)+$`)

func number(v string) string {
	return prefix.ReplaceAllString(strings.ToLower(strings.TrimSpace(v)), "$2")
}

// says reports whether a version is the item's, or that with more behind it.
func (i *item) says(version string) bool {
	v := number(version)
	for _, want := range append([]string{i.Version}, i.Alt...) {
		want = number(want)
		if stem, ok := strings.CutSuffix(want, ".*"); ok && strings.HasPrefix(v, stem) || v == want || zeros.ReplaceAllString(v, "") == zeros.ReplaceAllString(want, "") {
			return v != ""
		}
		if rest, ok := strings.CutPrefix(v, want); ok && rest != "" && strings.ContainsAny(rest[:1], "-+~_( \t") {
			return true
		}
	}
	return false
}

// native reports whether the file is of C or C++.
func (f *truth) native() bool {
	switch f.Class {
	case "rust", "go", "go-built", "othernative", "npm-go", "npm-rust", "npm-other":
		return false
	}
	return true
}

// linked returns the class of a static library: which programs link it so.
func (f *truth) linked(i *item) string {
	main := ""
	for _, m := range f.Truth {
		if m.Role == "main" {
			main = m.Name
		}
	}
	switch {
	case i.Name == "glibc" || i.Name == "musl":
		return "libc"
	case main == "nodejs" || main == "bun" || main == "deno":
		return "Node, Bun and Deno"
	case strings.HasPrefix(f.Class, "npm"):
		return "bundles"
	case main == "":
		return "own C programs"
	}
	return "distribution's static programs"
}

// half tells the upstreams that the rules were written with from those held out.
func (f *truth) half() string {
	name := f.Case
	for _, i := range f.Truth {
		if i.Role == "main" {
			name = i.Name
			break
		}
	}
	if sum := sha256.Sum256([]byte("half:" + name)); sum[len(sum)-1]%2 == 0 {
		return "seen"
	}
	return "kept"
}

func score(f *truth, reports []found, lines, rules map[string]*counts) {
	line := func(name string) []*counts {
		var out []*counts
		for _, half := range []string{"all ", f.half()} {
			if lines[half+" "+name] == nil {
				lines[half+" "+name] = new(counts)
			}
			out = append(out, lines[half+" "+name])
		}
		return out
	}
	right, near := make(map[found]bool), make(map[found]bool)
	for _, i := range f.Truth {
		names, exact, name := i.known(), false, false
		for _, r := range reports {
			if names[plain(r.name)] {
				name, near[r] = true, true
				if i.says(r.version) {
					exact, right[r] = true, true
				}
			}
		}
		kinds := []string{i.Role, i.Role + " " + f.Class}
		if i.Role == "static-lib" {
			kinds[1] = i.Role + ", " + f.linked(&i)
		}
		if i.Role == "module" && strings.HasPrefix(i.PURL, "pkg:cargo") {
			kinds = append(kinds, "crate")
		}
		if i.Role == "main" && f.Variant == "renamed" {
			kinds = append(kinds, "main, renamed")
		}
		if i.Role == "main" && f.Variant != "renamed" && f.native() {
			kinds = append(kinds, "main, C and C++, own name")
		}
		for _, kind := range kinds {
			for _, c := range line(kind) {
				c.items++
				c.exact += one(exact)
				c.name += one(name)
			}
		}
	}
	seen := make(map[string]bool)
	for _, r := range reports {
		k := plain(r.name) + " " + number(r.version)
		if seen[k] || !f.Complete && !near[r] || !right[r] && slices.ContainsFunc(f.Also, func(a string) bool { return plain(a) == plain(r.name) }) {
			continue
		}
		seen[k] = true
		if rules[r.rule] == nil {
			rules[r.rule] = new(counts)
		}
		list := append(line("precision"), rules[r.rule])
		if r.rule == "crate-path" {
			list = append(list, line("crate precision")...)
		}
		if r.rule != "golang" && r.rule != "crate-path" && r.rule != "go-path" {
			list = append(list, line("precision without Go and Rust modules")...)
		}
		for _, c := range list {
			c.reports++
			c.right += one(right[r])
			c.wrongVersion += one(near[r] && !right[r])
		}
	}
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func show(t *testing.T, lines, rules map[string]*counts) {
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if c := lines[name]; c.items > 0 {
			t.Logf("%-34s %5d items %5.1f%% exact %5.1f%% name", name, c.items, percent(c.exact, c.items), percent(c.name, c.items))
		} else {
			t.Logf("%-34s %5d reports %5.1f%% right, %d wrong version", name, c.reports, percent(c.right, c.reports), c.wrongVersion)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		t.Logf("rule %-30s %5d reports %5.1f%% right", name, rules[name].reports, percent(rules[name].right, rules[name].reports))
	}
}

func percent(a, b int) float64 { return 100 * float64(a) / float64(b) }
