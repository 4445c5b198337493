// Package rules holds the products that package binary knows by their text: a table
// as data, one row a product, and the index that finds all of them at once.
//
// # The table
//
// The table is products.toml, in this package. Many products need no row: they are learned, or found
// by the general rules. What is known of one, "go run ./examples/identify -no-debian FILE" says,
// best of a copy with a name that says nothing. To add a product, add a row, and raise
// the detector's version (version.go; a test says how); [Product] has all fields:
//
//	[[product]]
//	name = "zlib"
//	cpe = "zlib:zlib"
//	license = "Zlib"
//	sonames = ["libz"]
//	text = ["inflate {v} Copyright", "deflate {v} Copyright"]
//	examples = [{ text = " inflate 1.2.13 Copyright 1995-2022 Mark Adler ", version = "1.2.13" }]
//	never = ["inflate x.y Copyright"]
//
// and run "go run ./sbom/detect/binary/rules/check": it says what is wrong with the row,
// and sorts nothing and rewrites nothing. No row fires by the name of a file alone: names
// only decide whether a program that has the text is the product or contains it.
//
// # Patterns
//
// A pattern is text with one {v}, a version of at least two numbers with what belongs to
// it ("9.2p1"), or one {c}, of which the numbers alone are the version, or one {m}, of which
// the first two are, or one {n}, a single number. "^" in front ties it to the beginning of a string in the program, "$" at
// the end to its end. What stands before {n} has at least seven bytes.
//
// A row without patterns gives names alone: it says whose program a file is, and the
// version is found by the general rules of package binary.
//
// # What was learned
//
// Beside these rows there are some thousand that the program in learn made of a
// distribution's archive, in learned.gz: see [Learned]. What is written by hand comes first, in names as in texts.
// Do not edit them; make them anew, or add a row to products.toml.
package rules

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

// Product is one row of the table.
type Product struct {
	// Name is the name of the project, and Names are others that it has in texts and
	// file names.
	Name  string   `toml:"name"`
	Names []string `toml:"names"`
	// PURL is the package URL's type, namespace and name, as in "github/madler/zlib";
	// "generic/NAME" if empty.
	PURL string `toml:"purl"`
	// CPE is "vendor:product"; none if empty.
	CPE string `toml:"cpe"`
	// License is the SPDX expression of the project's own licence.
	License string `toml:"license"`
	// SONAMEs are the names of its shared libraries up to ".so" or a version: who is
	// linked with one of them does not contain the product. A trailing "*" stands for
	// anything.
	SONAMEs []string `toml:"sonames"`
	// Programs are the names of its programs.
	Programs []string `toml:"programs"`
	// Text are the patterns that say the product's version, best first, and Self those
	// that only its own program has, whatever its name is.
	Text []string `toml:"text"`
	Self []string `toml:"self"`
	// Reject is text in the same string that says that it is about something else.
	Reject []string `toml:"reject"`
	// Near are the strings beside one that is the product's version alone: what the one
	// before ends with or the one after begins with. Linkers keep the strings of a source
	// file together.
	Near []string `toml:"near"`
	// Anchors are texts that are only in the product, each of at least seven bytes. With all
	// of them in the file, a string that is a version alone and has the shape of Bare ("3.#.#",
	// or several, with ranges: "1.4.#|1.5.8-18") is the product's, if no other version of that shape is in the
	// file that is not known to be another product's. Signs are such texts of which one is
	// enough, for libraries of which programs link parts; tables of constants are signs as
	// well, written as "hex:595afd377a585a00".
	Anchors []string `toml:"anchors"`
	Signs   []string `toml:"signs"`
	Bare    string   `toml:"bare"`
	// Releases are texts, each of at least seven bytes, that only the release of that version
	// has: versions that are written otherwise, and what a release brought and the next one
	// changed.
	Releases []Example `toml:"releases"`
	// Examples are texts that the row finds a version in, and Never texts in which it
	// finds none. NUL divides strings.
	Examples []Example `toml:"examples"`
	Never    []string  `toml:"never"`
	// Learned is what the program in learn added.
	Learned Learned `toml:"-"`
}

// Example is text as it is in a program, and the version that it states.
type Example struct {
	Text    string `toml:"text"`
	Version string `toml:"version"`
}

// Trait is a sign of how a program was made.
type Trait struct {
	// Kind is "language", "runtime", "packer" or "metadata".
	Kind  string `toml:"kind"`
	Value string `toml:"value"`
	// Text is the sign, of at least seven bytes.
	Text []string `toml:"text"`
}

// Table is the products and traits.
type Table struct {
	Products []Product `toml:"product"`
	Traits   []Trait   `toml:"trait"`
}

//go:embed products.toml
var embedded string

// Load returns the table of this package. It reads it at each call.
func Load() *Table {
	t, err := Read(strings.NewReader(embedded))
	if err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	t.merge(LoadLearned())
	return t
}

// LoadLearned returns what was learned alone.
func LoadLearned() *Table {
	t, err := ReadLearned(bytes.NewReader(learnedTable))
	if err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	return t
}

// LoadIndex returns the index of the table that Load returns. It makes it at its first call,
// which takes some ten ms and 2 MiB; to import the package costs nothing. Its products have neither
// what was learned of them nor examples of that.
func LoadIndex() *Index { return loadIndex() }

var loadIndex = sync.OnceValue(func() *Index {
	x, err := embeddedIndex()
	if err != nil {
		panic(err) // Not in a build whose tests pass.
	}
	return x
})

// Read reads a table. Rows that break a rule are an error that names all of them.
func Read(r io.Reader) (*Table, error) {
	t := new(Table)
	meta, err := toml.NewDecoder(r).Decode(t)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, key := range meta.Undecoded() {
		errs = append(errs, fmt.Errorf("%v: no such field", key))
	}
	return t, errors.Join(append(errs, t.check()...)...)
}

// check returns what is wrong with the rows.
func (t *Table) check() []error {
	var errs []error
	seen := make(map[string]bool)
	for i := range t.Products {
		p := &t.Products[i]
		if seen[p.Name] {
			errs = append(errs, fmt.Errorf("%s: two rows", p.Name))
		}
		seen[p.Name] = true
		for _, err := range p.check() {
			errs = append(errs, fmt.Errorf("%s: %w", p.Name, err))
		}
	}
	for _, tr := range t.Traits {
		if tr.Value == "" || !slices.Contains([]string{"language", "runtime", "packer", "metadata"}, tr.Kind) || len(tr.Text) == 0 {
			errs = append(errs, fmt.Errorf("trait %q: kind, value and text are needed", tr.Value))
		}
		for _, text := range tr.Text {
			if len(text) < textscan.MinLiteral {
				errs = append(errs, fmt.Errorf("trait %q: %q is too short", tr.Value, text))
			}
		}
	}
	return errs
}

func (p *Product) check() []error {
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if p.Name == "" {
		add("no name")
	}
	if p.License != "" {
		if e, ok := spdxexpr.FromText(p.License); !ok || e != p.License {
			add("license %q is no SPDX expression", p.License)
		}
	}
	if p.CPE != "" && strings.Count(p.CPE, ":") != 1 {
		add("cpe %q is not vendor:product", p.CPE)
	}
	if len(p.Text)+len(p.Self)+len(p.Near)+len(p.Releases)+len(p.SONAMEs)+len(p.Programs) == 0 && p.Bare == "" && !p.Learned.said() {
		add("it has neither text nor names")
	}
	for _, r := range p.Releases {
		if len(r.Text) < textscan.MinLiteral || r.Version == "" {
			add("release %q of text %q is too short", r.Version, r.Text)
		}
	}
	if (p.Bare == "") != (len(p.Anchors)+len(p.Signs) == 0) {
		add("bare and anchors need each other")
	}
	for _, text := range p.Near {
		if len(text) < minNear {
			add("near %q is too short", text)
		}
	}
	for _, text := range slices.Concat(p.Anchors, p.signs()) {
		if len(text) < textscan.MinLiteral {
			add("anchor %q is too short", text)
		}
	}
	for _, text := range slices.Concat(p.Text, p.Self) {
		if _, err := compile(text); err != nil {
			add("%w", err)
		}
	}
	if said := len(p.Text)+len(p.Self)+len(p.Near)+len(p.Releases) > 0 || p.Bare != ""; said && (len(p.Examples) == 0 || len(p.Never) == 0) {
		add("an example and a text that is none are needed")
	}
	return errs
}
