package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/BurntSushi/toml"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// rows are the products that were learned and have no row by hand. There are thousands, and a
// file has three of them: each is made when it is first asked for.
type rows struct {
	lines []piece // of the learned table
	made  []atomic.Pointer[Product]
}

// embeddedIndex makes the index of what is built in, without what only tests need. They
// check its rows.
func embeddedIndex() (*Index, error) {
	t := new(Table)
	if _, err := toml.Decode(embedded, t); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(4 * len(learnedTable))
	if _, err := inflate.NewGzipReader(bytes.NewReader(learnedTable)).WriteTo(&b); err != nil {
		return nil, err
	}
	return t.indexWith(b.Bytes())
}

// indexWith makes the index of the table and the lines of a learned one, as if they were
// merged.
func (t *Table) indexWith(learned []byte) (*Index, error) {
	b := newBuilder(t)
	for i := range t.Products {
		if err := b.row(i, &t.Products[i]); err != nil {
			return nil, err
		}
	}
	l := lines{builder: b, byName: t.byName(), known: make([]Learned, len(t.Products))}
	for n := 1; len(learned) > 0; n++ {
		var line []byte
		line, learned, _ = bytes.Cut(learned, []byte("\n"))
		if err := l.take(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := l.end(); err != nil {
		return nil, err
	}
	for i := range l.known {
		if err := b.learned(i, &l.known[i]); err != nil {
			return nil, err
		}
	}
	b.lazy.made = make([]atomic.Pointer[Product], len(b.lazy.lines))
	return b.index()
}

// lines takes in the lines of a learned table.
type lines struct {
	*builder
	byName  map[string]int
	known   []Learned // of rows that are in the table, as merge leaves it
	project Table     // of the one row that is being read
	first   string    // line of it
}

func (l *lines) take(line []byte) error {
	if bytes.HasPrefix(line, []byte("example\t")) || bytes.HasPrefix(line, []byte("never\t")) {
		return nil // For tests.
	}
	text := string(line)
	if strings.HasPrefix(text, "project\t") {
		if err := l.end(); err != nil {
			return err
		}
		l.project, l.first = Table{Products: l.project.Products[:0]}, text
	}
	return l.project.line(text)
}

// end takes in the row that was read.
func (l *lines) end() error {
	if len(l.project.Products) == 0 {
		return nil
	}
	p := &l.project.Products[0]
	if i, ok := l.byName[p.Name]; ok {
		l.table.Products[i].describe(p)
		l.known[i] = p.Learned
		return nil
	}
	i := l.rows()
	l.lazy.lines = append(l.lazy.lines, l.arena.add(l.first))
	l.owners.add(i, p)
	return l.learned(i, &p.Learned)
}

// rows is the number of products.
func (x *Index) rows() int { return len(x.table.Products) + len(x.lazy.lines) }

// Product returns a row. Rows are numbered from 0, and each is always at the same address.
func (x *Index) Product(row int) *Product {
	if row < len(x.table.Products) {
		return &x.table.Products[row]
	}
	row -= len(x.table.Products)
	made := &x.lazy.made[row]
	if made.Load() == nil {
		var t Table
		if err := t.line(x.arena.get(x.lazy.lines[row])); err != nil {
			panic(err) // It was read before.
		}
		made.CompareAndSwap(nil, &t.Products[0])
	}
	return made.Load()
}

// Named returns the row of that name, nil if there is none.
func (x *Index) Named(name string) *Product {
	for i := range x.table.Products {
		if p := &x.table.Products[i]; p.Name == name {
			return p
		}
	}
	quoted := strconv.QuoteToASCII(name)
	begin := "project\t" + quoted[1:len(quoted)-1] + "\t"
	for i, line := range x.lazy.lines {
		if strings.HasPrefix(x.arena.get(line), begin) {
			return x.Product(len(x.table.Products) + i)
		}
	}
	return nil
}

// Find returns the first row of which match is true for the name or for one of the others, nil
// if there is none.
func (x *Index) Find(match func(name string) bool) *Product {
	for i := range x.rows() {
		if i >= len(x.table.Products) && !x.lazy.may(x.arena, i-len(x.table.Products), match) {
			continue
		}
		if p := x.Product(i); match(p.Name) || slices.ContainsFunc(p.Names, match) {
			return p
		}
	}
	return nil
}

// may reports whether match may be true for a name of a row, without making it.
func (r *rows) may(a *arena, row int, match func(name string) bool) bool {
	line := a.get(r.lines[row])
	if strings.IndexByte(line, '\\') >= 0 {
		return true // To be read as it is written: see Table.line.
	}
	n := 0
	for field := range strings.SplitSeq(line, "\t") {
		switch n++; n {
		case 2:
			if match(field) {
				return true
			}
		case 5:
			for name := range strings.FieldsSeq(field) {
				if match(name) {
					return true
				}
			}
		}
	}
	return false
}
