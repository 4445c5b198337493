package main

import (
	"cmp"
	"iter"
	"log"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/upstream"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/names"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// pattern returns the context as the table has it; empty if it has no way to write it.
func (c *candidate) pattern() string {
	if strings.ContainsAny(c.before+c.after, "{}") || strings.HasPrefix(c.before, "^") || strings.HasSuffix(c.after, "$") {
		return ""
	}
	text := c.before + "{c}" + c.after
	if c.text {
		text = c.before + "{v}" + c.after
	}
	if c.start {
		text = "^" + text
	}
	if c.end {
		text += "$"
	}
	return text
}

// rows makes a table of what was learned.
func rows(found map[*project]*learned, known *rules.Table) *rules.Table {
	t := new(rules.Table)
	has := make(map[string]bool)
	owner := make(map[string]string)
	for p := range found {
		for s := range p.sonames {
			if have, ok := owner[s]; ok && have != p.name {
				owner[s] = ""
			} else {
				owner[s] = p.name
			}
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(found), func(a, b *project) int { return cmp.Compare(a.name, b.name) }) {
		owned := func(stems []string) []string {
			return slices.DeleteFunc(stems, func(s string) bool {
				if begin, ok := strings.CutSuffix(s, "*"); ok {
					return !all(maps.Keys(owner), func(n string) bool { return !strings.HasPrefix(n, begin) || owner[n] == p.name })
				}
				return owner[s] != p.name || !strings.HasPrefix(s, "lib") || knownLibrary(known, s)
			})
		}
		row := p.row(known)
		if has[row.Name] || !p.sameAs(known, row.Name) {
			continue // Another project of that name.
		}
		for _, c := range found[p].contexts {
			text := c.pattern()
			switch {
			case text == "":
				continue
			case c.library:
				row.Learned.Text = append(row.Learned.Text, text)
			default:
				row.Learned.Self = append(row.Learned.Self, text)
			}
			if len(row.Examples) == 0 {
				row.Examples, row.Never = c.example()
			}
		}
		row.Learned.Program = found[p].program.row()
		row.Learned.Library = found[p].library.row()
		row.SONAMEs, row.Learned.SONAMEs, row.Learned.FileNames = owned(row.SONAMEs), owned(found[p].sonames), owned(found[p].fileNames)
		for _, a := range []*anchored{found[p].program, found[p].library} {
			if e, never := p.anchoredExample(a); len(row.Examples) == 0 {
				row.Examples, row.Never = e, never
			}
		}
		if len(row.Learned.SONAMEs)+len(row.Learned.FileNames)+len(row.Examples) > 0 || row.Learned.Program.Anchors != nil || row.Learned.Library.Anchors != nil {
			if err := (&rules.Table{Products: []rules.Product{row}}).Check(); err != nil {
				log.Printf("left out: %v", err)
				continue
			}
			has[row.Name] = true
			t.Products = append(t.Products, row)
		}
	}
	return t
}

// row returns what the table has of it.
func (a *anchored) row() rules.Anchored {
	if a == nil {
		return rules.Anchored{}
	}
	r := rules.Anchored{Anchors: a.anchors, Shape: a.shape}
	for _, c := range a.near {
		if text := c.pattern(); text != "" {
			r.Near = append(r.Near, text)
		}
	}
	return r
}

// row returns what is known of a project beside its texts.
func (p *project) row(known *rules.Table) rules.Product {
	row := rules.Product{Name: upstream.Title(p.name)}
	for _, s := range slices.Backward(p.sources) { // The newest first.
		if row.PURL == "" {
			row.PURL = repository(s.Homepage)
		}
		if row.License == "" {
			row.License = expression(s.License)
		}
	}
	if repo := path.Base(row.PURL); repo != "." && names.Key(repo) != names.Key(row.Name) {
		row.Names = append(row.Names, repo)
	}
	for _, s := range slices.Sorted(maps.Keys(p.sonames)) {
		if strings.HasPrefix(s, "lib") && !strings.ContainsAny(s, " \t") {
			row.SONAMEs = append(row.SONAMEs, s)
		}
	}
	if k := p.knownAs(known); k != "" {
		row.Name = k
	}
	return row
}

// sameAs reports whether a row of that name that was written by hand may be the project's: it
// has one of its programs or libraries, or says of none which they are.
func (p *project) sameAs(known *rules.Table, name string) bool {
	i := slices.IndexFunc(known.Products, func(k rules.Product) bool { return written(&k) && k.Name == name })
	if i < 0 {
		return true
	}
	k := &known.Products[i]
	return len(k.Programs)+len(k.SONAMEs) == 0 || slices.ContainsFunc(p.files, func(f *elf) bool {
		return slices.Contains(k.Programs, f.base()) || strings.Contains(f.base(), ".so") && k.Library(f.base()) || f.SONAME != "" && k.Library(f.SONAME)
	})
}

// knownLibrary reports whether a row that was written by hand has the library.
func knownLibrary(known *rules.Table, stem string) bool {
	return slices.ContainsFunc(known.Products, func(k rules.Product) bool { return written(&k) && k.Library(stem+".so") })
}

// written reports whether a row was written by hand.
func written(k *rules.Product) bool {
	return len(k.Programs)+len(k.Text)+len(k.Self)+len(k.Anchors)+len(k.Near) > 0 || k.CPE != ""
}

// knownAs returns the name of the row that the project has in the table already.
func (p *project) knownAs(known *rules.Table) string {
	names := map[string]bool{p.name: true}
	for _, f := range p.files {
		names[path.Base(f.Path)] = kindOf(f.Path) == program
	}
	for i := range known.Products {
		k := &known.Products[i]
		if n := upstream.Title(p.name); written(k) && (k.Name == n || slices.Contains(k.Names, n)) {
			return k.Name
		}
	}
	for i := range known.Products {
		k := &known.Products[i]
		if !written(k) {
			continue
		}
		if slices.ContainsFunc(k.Programs, func(n string) bool { return names[n] }) {
			return k.Name
		}
		if len(p.sonames) > 0 && all(maps.Keys(p.sonames), func(s string) bool { return k.Library(s + ".so") }) {
			return k.Name
		}
	}
	return ""
}

func all(list iter.Seq[string], f func(string) bool) bool {
	for s := range list {
		if !f(s) {
			return false
		}
	}
	return true
}

// repository returns the purl without a version of a home page that is a repository.
func repository(homepage string) string {
	u, err := url.Parse(homepage)
	if err != nil || u.Hostname() != "github.com" {
		return ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 2 {
		return ""
	}
	return strings.ToLower("github/" + parts[0] + "/" + strings.TrimSuffix(parts[1], ".git"))
}

// expression returns a licence as SPDX has it; empty if it has none.
func expression(license string) string {
	e, ok := ospkg.Expression(license, map[string]string{"expat": "MIT"})
	if !ok || strings.Contains(e, "LicenseRef") {
		return ""
	}
	return e
}

// example returns text that the context is in, as a program has it, and text that is
// not it.
func (c *candidate) example() ([]rules.Example, []string) {
	f := c.project.files[c.files[0]]
	for i := range f.Versions {
		s := &f.Versions[i]
		r := f.readings[i]
		if c.text && !r.text || !c.text && !r.core {
			continue
		}
		found := false
		contexts(s, func(_ key, get func() context) { found = found || get() == c.context })
		if !found {
			continue
		}
		version := s.Text
		if !c.text {
			version = s.Text[:s.Core]
		}
		before, after := s.Before[max(0, len(s.Before)-len(c.before)-8):], s.After[:min(len(s.After), len(c.after)+16)]
		if len(s.Before)+len(s.After) == 0 {
			before, after = s.Previous+"\x00", "\x00"+s.Next
		}
		return []rules.Example{{Text: before + s.Text + after, Version: version}}, []string{c.before + "x.y"}
	}
	return nil, nil
}

// anchoredExample returns text with an anchor and a version as a program has it, and text
// that has the anchor alone.
func (p *project) anchoredExample(a *anchored) ([]rules.Example, []string) {
	if a == nil {
		return nil, nil
	}
	for _, i := range slices.Sorted(maps.Keys(a.files)) {
		f := p.files[i]
		for j := range f.Versions {
			s := &f.Versions[j]
			if !f.readings[j].text || !a.reads(s) {
				continue
			}
			before, after := s.Before, s.After
			if s.alone() {
				before, after = s.Previous+"\x00", "\x00"+s.Next
			}
			for _, text := range a.anchors {
				if f.has(sum([]byte(text))) {
					return []rules.Example{{Text: text + "\x00\x00" + before + s.Text + after, Version: s.Text}}, []string{text + "\x00\x00" + "x.y"}
				}
			}
		}
	}
	return nil, nil
}

// reads reports whether a version is one that is taken.
func (a *anchored) reads(s *seen) bool {
	if s.alone() && strings.Count(s.Text, ".") == strings.Count(a.shape, ".") && a.shape != "" {
		return true
	}
	found := false
	contexts(s, func(_ key, get func() context) {
		found = found || slices.ContainsFunc(a.near, func(c *candidate) bool { return c.context == get() })
	})
	return found
}
