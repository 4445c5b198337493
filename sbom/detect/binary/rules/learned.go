package rules

import (
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
)

//go:embed learned.gz
var learnedTable []byte

// Learned is what the program in learn found out about a project. Its texts are patterns
// that begin and end with whole words, or with the string; a NUL in them is the
// border to the string before or behind a version that is a string of its own.
type Learned struct {
	// Self are of programs alone, and Text of the project's libraries.
	Self, Text []string
	// Program and Library are what has no name of the project about its version.
	Program, Library Anchored
	// SONAMEs and FileNames are names of libraries up to ".so" that have the project's
	// version behind it: in the SONAME, or in the name of the file. "libboost_*" is all
	// libraries whose names begin so.
	SONAMEs, FileNames []string
}

// Anchored says where the version is in a file that has one of the anchors.
type Anchored struct {
	// Anchors are whole strings that no other project's files have.
	Anchors []string
	// Near are patterns, best first. Where none of them is, a string that is a version
	// of Shape ("3.#.#") is it, if there is just one.
	Near  []string
	Shape string
}

// said reports whether there is text that says a version.
func (l *Learned) said() bool {
	return len(l.Self)+len(l.Text)+len(l.Program.Anchors)+len(l.Library.Anchors) > 0
}

// maxLearned limits the table of learned products, in bytes.
const maxLearned = 16 << 20

// ReadLearned reads a table of learned products, which is lines of a word and fields,
// with tabs between them and quoted as in Go, compressed by gzip:
//
//	project NAME PURL LICENSE NAMES SONAMES
//	self PATTERN
//	text PATTERN
//	numbered SONAMES FILENAMES
//	program|library anchor|near|shape TEXT
//	example TEXT VERSION
//	never TEXT
func ReadLearned(r io.Reader) (*Table, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if _, err := io.Copy(&b, io.LimitReader(z, maxLearned)); err != nil {
		return nil, err
	}
	t, n := new(Table), 0
	for line := range strings.Lines(b.String()) {
		n++
		if err := t.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return t, nil
}

var errLine = errors.New("no line of a table of learned products")

// line takes in a line of the table.
func (t *Table) line(line string) error {
	fields := strings.Split(line, "\t")
	for i, f := range fields {
		if strings.IndexByte(f, '\\') < 0 {
			continue
		}
		u, err := strconv.Unquote(`"` + f + `"`)
		if err != nil {
			return errLine
		}
		fields[i] = u
	}
	if fields[0] == "project" && len(fields) == 6 {
		t.Products = append(t.Products, Product{Name: fields[1], PURL: fields[2], License: fields[3], Names: strings.Fields(fields[4]), SONAMEs: strings.Fields(fields[5])})
		return nil
	}
	if len(t.Products) == 0 {
		return errLine
	}
	p := &t.Products[len(t.Products)-1]
	switch {
	case fields[0] == "self" && len(fields) == 2:
		p.Learned.Self = append(p.Learned.Self, fields[1])
	case fields[0] == "text" && len(fields) == 2:
		p.Learned.Text = append(p.Learned.Text, fields[1])
	case fields[0] == "example" && len(fields) == 3:
		p.Examples = append(p.Examples, Example{fields[1], fields[2]})
	case fields[0] == "never" && len(fields) == 2:
		p.Never = append(p.Never, fields[1])
	case fields[0] == "numbered" && len(fields) == 3:
		p.Learned.SONAMEs, p.Learned.FileNames = strings.Fields(fields[1]), strings.Fields(fields[2])
	case fields[0] == "program" && len(fields) == 3:
		return p.Learned.Program.line(fields[1], fields[2])
	case fields[0] == "library" && len(fields) == 3:
		return p.Learned.Library.line(fields[1], fields[2])
	default:
		return errLine
	}
	return nil
}

func (a *Anchored) line(what, text string) error {
	switch what {
	case "anchor":
		a.Anchors = append(a.Anchors, text)
	case "near":
		a.Near = append(a.Near, text)
	case "shape":
		a.Shape = text
	default:
		return errLine
	}
	return nil
}

// WriteLearned writes a table that ReadLearned reads: the products' names and what was learned.
func (t *Table) WriteLearned(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	return errors.Join(t.writeLines(z), z.Close())
}

func (t *Table) writeLines(w io.Writer) (err error) {
	line := func(fields ...string) {
		for i, f := range fields {
			q := strconv.QuoteToASCII(f)
			fields[i] = q[1 : len(q)-1]
		}
		if err == nil {
			_, err = io.WriteString(w, strings.Join(fields, "\t")+"\n")
		}
	}
	for i := range t.Products {
		p := &t.Products[i]
		line("project", p.Name, p.PURL, p.License, strings.Join(p.Names, " "), strings.Join(p.SONAMEs, " "))
		for _, text := range p.Learned.Self {
			line("self", text)
		}
		for _, text := range p.Learned.Text {
			line("text", text)
		}
		if len(p.Learned.SONAMEs)+len(p.Learned.FileNames) > 0 {
			line("numbered", strings.Join(p.Learned.SONAMEs, " "), strings.Join(p.Learned.FileNames, " "))
		}
		for i, a := range []Anchored{p.Learned.Program, p.Learned.Library} {
			who := []string{"program", "library"}[i]
			for _, text := range a.Anchors {
				line(who, "anchor", text)
			}
			for _, text := range a.Near {
				line(who, "near", text)
			}
			if a.Shape != "" {
				line(who, "shape", a.Shape)
			}
		}
		for _, e := range p.Examples {
			line("example", e.Text, e.Version)
		}
		for _, text := range p.Never {
			line("never", text)
		}
	}
	return err
}

// merge adds learned products. What the table has already of a project stays, and gets the
// learned texts, which have their examples in the learned table.
func (t *Table) merge(learned *Table) {
	byName := t.byName()
	for _, l := range learned.Products {
		i, ok := byName[l.Name]
		if !ok {
			t.Products = append(t.Products, l)
			continue
		}
		t.Products[i].describe(&l)
		t.Products[i].Learned = l.Learned
	}
}

// byName returns the rows by their names.
func (t *Table) byName() map[string]int {
	byName := make(map[string]int)
	for i := range t.Products {
		for _, n := range t.Products[i].Names {
			byName[n] = i
		}
	}
	for i := range t.Products {
		byName[t.Products[i].Name] = i
	}
	return byName
}

// describe takes from a learned row what the row does not say.
func (p *Product) describe(learned *Product) {
	if p.PURL == "" {
		p.PURL = learned.PURL
	}
	if p.License == "" {
		p.License = learned.License
	}
}

// firstLearned is the rank of the best learned pattern: what was written by hand comes first.
const firstLearned = 100

// Group is what was learned of a project's programs or libraries that have an anchor.
type Group struct {
	Product *Product
	// Self says that only the product's own program has the anchors.
	Self bool
	// Near are the numbers of the patterns that Index.Version tells of.
	Near  []int
	Shape string
}

// Choose returns the version that the first of the group's patterns reads that reads just one,
// or else the only one of its shape of those that stand alone; and the pattern, or -1.
func (g *Group) Choose(near map[int][]string, alone iter.Seq[string]) (version string, pattern int) {
	for _, id := range g.Near {
		if r := near[id]; len(r) == 1 {
			return r[0], id
		}
	}
	n := 0
	for v := range alone {
		if shaped(v, g.Shape) {
			version = v
			n++
		}
	}
	if n != 1 {
		return "", -1
	}
	return version, -1
}

// learned compiles what was learned of a product.
func (b *builder) learned(i int, l *Learned) error {
	for rank, text := range slices.Concat(l.Self, l.Text) {
		c, err := compileLearned(text)
		if err != nil {
			return err
		}
		c.product, c.self, c.rank, c.near = i, rank < len(l.Self), firstLearned+rank, -1
		b.contexts.add(c)
	}
	for _, stem := range l.SONAMEs {
		b.numbered.put(stem, 2*i+1)
	}
	for _, stem := range l.FileNames {
		b.numbered.put(stem, 2*i)
	}
	for _, a := range []struct {
		Anchored
		self bool
	}{{l.Program, true}, {l.Library, false}} {
		if err := b.group(group{product: i, self: a.self, shape: a.Shape}, a.Anchored); err != nil {
			return err
		}
	}
	return nil
}

func compileLearned(text string) (*pattern, error) {
	c, err := compile(text)
	if err == nil && c.number {
		err = fmt.Errorf("pattern %q: {n} cannot be learned", text)
	}
	return &c, err
}

// group is a Group whose product is a row of the index.
type group struct {
	product int
	self    bool
	near    []int
	shape   string
}

func (b *builder) group(g group, a Anchored) error {
	if len(a.Anchors) == 0 {
		return nil
	}
	for _, text := range a.Near {
		id, ok := b.beside[text]
		if !ok {
			c, err := compileLearned(text)
			if err != nil {
				return err
			}
			id = len(b.beside)
			b.beside[text], c.near = id, id
			b.contexts.add(c)
		}
		g.near = append(g.near, id)
	}
	for _, text := range a.Anchors {
		b.texts = append(b.texts, "\x00"+text+"\x00")
		b.literals = append(b.literals, literal{nil, -1, -1, len(b.groups)})
	}
	b.groups = append(b.groups, g)
	return nil
}

// Numbered returns the product of the library that has a SONAME, and the version that stands
// in the SONAME or in the name of the file; nil if it is not known to be the product's.
func (x *Index) Numbered(soname, file string) (*Product, string) {
	stem, version, _ := strings.Cut(soname, ".so.")
	stem = strings.TrimSuffix(stem, ".so")
	n, ok := x.numbered.get(stem)
	if !ok {
		n, ok = x.numbered.get(stem[:strings.IndexAny(stem, "-_")+1] + "*")
	}
	if !ok {
		return nil, ""
	}
	if n%2 == 0 {
		_, version, _ = strings.Cut(file, ".so.")
	}
	if strings.Count(version, ".") == 0 || strings.Trim(version, ".0123456789") != "" {
		return nil, ""
	}
	return x.Product(n / 2), version
}

// Group returns the group of that number.
func (x *Index) Group(i int) *Group {
	g := &x.groups[i]
	return &Group{x.Product(g.product), g.self, g.near, g.shape}
}

// Anchor returns the number of the group that a literal is an anchor of, -1 if of none.
func (x *Index) Anchor(literal int) int { return x.literals[literal].group }

// context calls hit for each learned pattern that v is part of, and near for each that
// counts in files with an anchor.
func (x *Index) context(v *textscan.Version, hit func(Hit), near func(id int, version string)) {
	x.contexts.find(v, func(p pattern) {
		version := v.Text
		if p.core {
			version = v.Core
		}
		switch {
		case Comparison(v.After):
		case p.near >= 0:
			near(p.near, string(version))
		default:
			hit(Hit{Product: x.Product(p.product), Version: string(version), Rank: p.rank, Self: p.self, Learned: true})
		}
	})
}
