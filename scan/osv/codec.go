package osv

import (
	"encoding/binary"
	"strings"
	"time"
)

// The encoding of values: integers as unsigned varints, strings and lists with
// their length before them. Nothing in it depends on the machine.

type encoder struct{ b []byte }

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }

func (e *encoder) string(s string) {
	e.uint(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) strings(ss []string) {
	e.uint(uint64(len(ss)))
	for _, s := range ss {
		e.string(s)
	}
}

// time is kept in seconds, zero for none. Dates before 1970 do not occur.
func (e *encoder) time(t time.Time) {
	e.uint(uint64(max(0, t.Unix())))
}

func (e *encoder) severities(ss []severity) {
	e.uint(uint64(len(ss)))
	for _, s := range ss {
		e.string(s.typ)
		e.string(s.score)
	}
}

func (e *encoder) facts(f *recordFacts) {
	e.b = append(e.b, f.digest[:]...)
	e.string(f.id)
	e.time(f.published)
	e.time(f.modified)
	e.strings(f.aliases)
	e.strings(f.upstream)
	e.strings(f.related)
	e.severities(f.severities)
	e.string(f.label)
	e.string(shortenURL(f.url, f.id))
}

// affected leaves out the package's name and ecosystem where they are spelled as
// in the key, so that the packages of an advisory are equal.
func (e *encoder) affected(a *affected, key string) {
	if a.ecosystem+"\x00"+a.name == key {
		e.b = append(e.b, 0)
	} else {
		e.b = append(e.b, 1)
		e.string(a.ecosystem)
		e.string(a.name)
	}
	e.uint(uint64(len(a.ranges)))
	for _, r := range a.ranges {
		e.b = append(e.b, boolByte(r.semver))
		e.uint(uint64(len(r.events)))
		for _, ev := range r.events {
			e.b = append(e.b, byte(ev.kind))
			e.string(ev.version)
		}
	}
	var versions encoder
	versions.strings(a.versions)
	e.string(string(versions.b))
	e.severities(a.severities)
	e.string(a.label)
	e.uint(uint64(len(a.imports)))
	for _, imp := range a.imports {
		e.string(imp.path)
		e.strings(imp.goos)
		e.strings(imp.goarch)
		e.strings(imp.symbols)
	}
	e.strings(a.functions)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// decoder reads what encoder wrote. The first fault makes bad true and all
// further values zero, so that callers check once. Lists never allocate more
// than the input is long.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) fail() {
	d.b, d.bad = nil, true
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// count is a number of values that take at least one byte each.
func (d *decoder) count() int {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.b) {
		d.fail()
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (d *decoder) raw() []byte { return d.bytes(d.count()) }

func (d *decoder) string() string { return string(d.raw()) }

func (d *decoder) strings() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	ss := make([]string, 0, min(n, 64))
	for range n {
		if d.bad {
			return nil
		}
		ss = append(ss, d.string())
	}
	return ss
}

func (d *decoder) time() time.Time {
	v := d.uint()
	if v == 0 || v > 1<<38 { // Year 10680; json cannot write years over 9999.
		return time.Time{}
	}
	if t := time.Unix(int64(v), 0).UTC(); t.Year() <= 9999 {
		return t
	}
	return time.Time{}
}

func (d *decoder) severities() []severity {
	var out []severity
	for range d.count() {
		if d.bad {
			return nil
		}
		out = append(out, severity{typ: d.string(), score: d.string()})
	}
	return out
}

func (d *decoder) facts() recordFacts {
	var f recordFacts
	copy(f.digest[:], d.bytes(len(f.digest)))
	f.id = d.string()
	f.published = d.time()
	f.modified = d.time()
	f.aliases = d.strings()
	f.upstream = d.strings()
	f.related = d.strings()
	f.severities = d.severities()
	f.label = d.string()
	f.url = expandURL(d.string(), f.id)
	return f
}

func (d *decoder) affected(key string) affected {
	var a affected
	if d.byte() == 0 {
		a.ecosystem, a.name, _ = strings.Cut(key, "\x00")
	} else {
		a.ecosystem, a.name = d.string(), d.string()
	}
	for range d.count() {
		if d.bad {
			return affected{}
		}
		a.ranges = append(a.ranges, d.versionRange())
	}
	a.enumerated = d.raw()
	a.severities = d.severities()
	a.label = d.string()
	for range d.count() {
		if d.bad {
			return affected{}
		}
		a.imports = append(a.imports, goImport{d.string(), d.strings(), d.strings(), d.strings()})
	}
	a.functions = d.strings()
	return a
}

func (d *decoder) versionRange() versionRange {
	r := versionRange{semver: d.byte() == 1}
	n := d.count()
	if n > maxEvents {
		d.fail()
		return versionRange{}
	}
	for range n {
		ev := event{kind: eventKind(d.byte()), version: d.string()}
		if ev.kind > eventLimit {
			d.fail()
		}
		if d.bad {
			return versionRange{}
		}
		r.events = append(r.events, ev)
	}
	return r
}

// urlPrefixes are the beginnings that most records' pages share; "\x01" stands
// for the first in an encoded URL, "\x02" for the second and so on, and "\x00"
// for the record's id. The order is part of the format.
var urlPrefixes = [...]string{
	"https://security-tracker.debian.org/tracker/",
	"https://nvd.nist.gov/vuln/detail/",
	"https://github.com/advisories/",
	"https://github.com/",
	"https://pkg.go.dev/vuln/",
	"https://access.redhat.com/errata/",
	"https://www.cve.org/CVERecord?id=",
	"https://rustsec.org/advisories/",
	"https://osv.dev/vulnerability/",
}

func shortenURL(url, id string) string {
	if strings.ContainsAny(url, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a") {
		return ""
	}
	for i, p := range urlPrefixes {
		if rest, ok := strings.CutPrefix(url, p); ok {
			url = string(rune(i+1)) + rest
			break
		}
	}
	return strings.Replace(url, id, "\x00", 1)
}

func expandURL(s, id string) string {
	s = strings.Replace(s, "\x00", id, 1)
	if s != "" && int(s[0]) <= len(urlPrefixes) && s[0] > 0 {
		s = urlPrefixes[s[0]-1] + s[1:]
	}
	if s == "" {
		s = "https://osv.dev/vulnerability/" + id
	}
	return s
}
