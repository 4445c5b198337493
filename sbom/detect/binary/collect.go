package binary

import (
	"bytes"
	"io"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/unwind"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// Limits on what is kept of one file, in items. Real programs have a tenth of each.
const (
	maxHits      = 2_000
	maxPairs     = 20_000
	maxBare      = 5_000
	maxModules   = 20_000
	maxLibraries = 8_000
	maxText      = 200 // bytes of evidence
)

// collector notes what one pass over a file finds. It is the textscan.Observer.
type collector struct {
	d       *Detector
	path    string // of the file, without directories
	scanner *textscan.Scanner
	headers *header.Reader
	pos     int64

	hits      map[hitKey]*hit
	pairs     map[pairKey]*pair
	bare      map[string]*bare
	behind    map[string]place // versions at once behind data
	mentioned map[string]place // versions that are part of a string
	packed    map[packedKey]*pair
	stems     []string // of the file's name, as they are written
	modules   map[moduleKey]*imported
	libraries map[int64]string
	compilers map[string]bool
	traits    map[int]bool
	anchors   map[*rules.Product]map[int]bool
	groups    map[int]bool // of learned anchors
	near      map[nearKey]place
	goVersion map[string]int64
	looked    int // versions that were looked at
	most      int // of them
	limited   string

	file     io.ReaderAt // to look at once more; nil if it can't be
	fileSize int64
	goStated bool             // Go's build information has the version
	unwinder *unwind.Reader   // nil if no table of libraries is there
	unwound  map[int]*unwound // by number of the group
}

// place is where text is.
type place struct {
	offset int64
	text   string
}

type hitKey struct {
	product *rules.Product
	version string
	self    bool
}

// hit is a version of a product, by the best of the patterns that found it.
type hit struct {
	place
	rank, count int
	learned     bool // all of them
}

// pairKey is a name next to a version: the words before it, as names are compared.
type pairKey struct{ words, version string }

// pair is how they stand.
type pair struct {
	place
	form  form
	count int
}

// bare is a version that is a whole string.
type bare struct {
	place
	previous, next string
	count          int
	between        bool // NULs
}

func newCollector(d *Detector, file string, size int64) *collector {
	file = plainName(path.Base(file))
	c := &collector{d: d, path: file, most: textscan.MaxVersions, headers: header.New(size),
		hits: make(map[hitKey]*hit), pairs: make(map[pairKey]*pair), bare: make(map[string]*bare), behind: make(map[string]place), mentioned: make(map[string]place), packed: make(map[packedKey]*pair), stems: written(stem(file)),
		modules: make(map[moduleKey]*imported), libraries: make(map[int64]string), compilers: make(map[string]bool),
		traits: make(map[int]bool), anchors: make(map[*rules.Product]map[int]bool), groups: make(map[int]bool), near: make(map[nearKey]place), goVersion: make(map[string]int64)}
	c.scanner = textscan.New(d.index().Matcher(), c)
	if d.library != nil {
		c.unwinder = &unwind.Reader{Function: c.function}
	}
	return c
}

// Write implements io.Writer. It never fails. Machine code is not looked at: it is half of
// most programs, and what looks like text there is none.
func (c *collector) Write(p []byte) (int, error) {
	_, _ = c.headers.Write(p)
	for rest := p; len(rest) > 0; {
		code, before := c.headers.Code(c.pos)
		n := len(rest)
		if code > 0 {
			n = int(min(int64(n), code))
			c.scanner.Skip(int64(n))
			if c.unwinder != nil {
				c.unwinder.Skip(int64(n))
			}
		} else {
			n = int(min(int64(n), before))
			_, _ = c.scanner.Write(rest[:n])
			if c.unwinder != nil {
				_, _ = c.unwinder.Write(rest[:n])
			}
		}
		c.pos, rest = c.pos+int64(n), rest[n:]
	}
	return len(p), nil
}

// room reports whether there is room for one more; it notes when there is not.
func (c *collector) room(have, most int, what string) bool {
	if have >= most && c.limited == "" {
		c.limited = "more " + what + " than are kept"
	}
	return have < most
}

// Version implements textscan.Observer.
func (c *collector) Version(v *textscan.Version) {
	if !c.room(c.looked, c.most, "versions") {
		return
	}
	c.looked++
	c.goMain(v)
	if c.crate(v) || c.goModule(v) || c.goToolchain(v) || c.compiler(v) {
		return
	}
	c.d.index().Version(v, func(h rules.Hit) { c.hit(h, v.Offset, show(v)) }, func(id int, version string) { c.noteNear(id, version, v) })
	c.sourceDirectory(v)
	c.notePacked(v)
	if alone(v) {
		c.noteBare(v)
		return
	}
	c.noteBehindData(v)
	c.noteMention(v)
	c.notePair(v)
}

func (c *collector) hit(h rules.Hit, offset int64, text string) {
	k := hitKey{h.Product, h.Version, h.Self}
	if have := c.hits[k]; have != nil {
		have.count++
		have.learned = have.learned && h.Learned
		if h.Rank < have.rank {
			have.rank, have.place = h.Rank, place{offset, text}
		}
		return
	}
	if c.room(len(c.hits), maxHits, "texts of known products") {
		c.hits[k] = &hit{place{offset, text}, h.Rank, 1, h.Learned}
	}
}

// show returns the text around a version, from the beginning of the string.
func show(v *textscan.Version) string {
	before := v.Before
	if len(before) > maxText/2 {
		before = before[len(before)-maxText/2:]
	}
	return oneline.Text(strings.TrimSpace(string(before)+string(v.Text)+string(v.After)), maxText)
}

// alone reports whether the version is a whole string, but for what a distribution
// appends.
func alone(v *textscan.Version) bool {
	before := bytes.TrimSpace(v.Before)
	if !v.Opened || !v.Closed || len(before) > 1 || len(before) == 1 && before[0] != 'v' {
		return false
	}
	after := bytes.TrimSpace(v.After)
	return len(after) == 0 || len(after) <= 24 && bytes.IndexByte([]byte("-+~"), after[0]) >= 0 && bytes.IndexByte(after, ' ') < 0
}

// notePacked notes names without anything between them and the version, as languages
// have them that pack strings: "b3sum1.2.0".
func (c *collector) notePacked(v *textscan.Version) {
	if bytes.Count(v.Core, []byte(".")) != 2 || len(v.Before)+len(v.After) < 40 || address(v.Core) {
		return
	}
	for i, n := range c.stems {
		if len(n) >= 2 && (bytes.HasSuffix(v.Before, []byte(n)) || bytes.HasPrefix(v.After, []byte(n))) {
			k := packedKey{i, string(v.Core)}
			if have := c.packed[k]; have != nil {
				have.count++
			} else if c.room(len(c.packed), maxBare, "versions") {
				c.packed[k] = &pair{place{v.Offset, show(v)}, loose, 1}
			}
		}
	}
}

// buildRoots are where distributions unpack the sources of what they build.
var buildRoots = [][]byte{[]byte("/build/reproducible-path/"), []byte("/builddir/build/BUILD/"), []byte("/usr/src/debug/"), []byte("/usr/src/packages/BUILD/")}

// sourceDirectory takes in the directory that the program was built in: ".../NAME-1.2.3/".
func (c *collector) sourceDirectory(v *textscan.Version) {
	name, ok := bytes.CutSuffix(v.Before, []byte("-"))
	if !ok || len(v.After) > 0 && bytes.IndexByte([]byte("/=+~-"), v.After[0]) < 0 {
		return
	}
	for _, root := range buildRoots {
		i := bytes.LastIndex(name, root)
		if i < 0 {
			continue
		}
		if name := string(name[i+len(root):]); len(name) > 1 && strings.Trim(name, nameBytes) == "" {
			k := packedKey{-1, name + " " + string(v.Core)}
			if have := c.packed[k]; have != nil {
				have.count++
			} else if c.room(len(c.packed), maxBare, "versions") {
				c.packed[k] = &pair{place{v.Offset, show(v)}, loose, 1}
			}
		}
	}
}

// nameBytes are what the names of source packages have.
const nameBytes = "abcdefghijklmnopqrstuvwxyz0123456789+.-"

// packedKey is a name, by its place in collector.stems, or a directory, and a version.
type packedKey struct {
	stem    int
	version string
}

func (c *collector) noteBare(v *textscan.Version) {
	if address(v.Text) {
		return
	}
	if have := c.bare[string(v.Text)]; have != nil {
		have.count++
		return
	}
	if c.room(len(c.bare), maxBare, "versions") {
		c.bare[string(v.Text)] = &bare{place{v.Offset, show(v)}, string(v.Previous), string(v.Next), 1, v.Between}
	}
}

// address reports whether what looks like a version is an address, an object
// identifier or a number that stands for nothing.
func address(v []byte) bool {
	for _, prefix := range []string{"127.", "10.", "192.168.", "255.", "0.0.0.0", "1.3.6.1", "1.2.840", "2.5.4.", "2.5.29."} {
		if bytes.HasPrefix(v, []byte(prefix)) && bytes.Count(v, []byte(".")) >= 3 {
			return true
		}
	}
	return len(bytes.Trim(v, "0.")) == 0
}

func (c *collector) notePair(v *textscan.Version) {
	if address(v.Text) {
		return
	}
	words, f := name(v)
	if words == "" {
		return
	}
	k := pairKey{words, string(v.Text)}
	if have := c.pairs[k]; have != nil {
		have.count++
		if f > have.form {
			have.form, have.place = f, place{v.Offset, show(v)}
		}
		return
	}
	if c.room(len(c.pairs), maxPairs, "names with versions") {
		c.pairs[k] = &pair{place{v.Offset, show(v)}, f, 1}
	}
}

// Literal implements textscan.Observer.
func (c *collector) Literal(index int, offset int64, after []byte) {
	product, trait := c.d.index().Literal(index, after, func(h rules.Hit) {
		c.hit(h, offset, oneline.Text(c.d.index().Said(index, h.Version), maxText))
	})
	if trait >= 0 {
		c.traits[trait] = true
	}
	if g := c.d.index().Anchor(index); g >= 0 {
		c.groups[g] = true
	}
	if product >= 0 {
		p := c.d.index().Product(product)
		if c.anchors[p] == nil {
			c.anchors[p] = make(map[int]bool)
		}
		c.anchors[p][index] = true
	}
}

// Library implements textscan.Observer.
func (c *collector) Library(offset int64, name []byte) {
	if c.room(len(c.libraries), maxLibraries, "names of libraries") {
		c.libraries[offset] = string(name)
	}
}

// library returns the name of a library that the dynamic table has at an offset. Linkers
// let a name be the end of another.
func (c *collector) library(offset int64) string {
	if name, ok := c.libraries[offset]; ok {
		return name
	}
	for back := int64(1); back < 64; back++ {
		if name := c.libraries[offset-back]; int64(len(name)) > back {
			return name[back:]
		}
	}
	return ""
}
