package jslock

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
)

// yarnEntry is a block of a yarn.lock: what satisfies some descriptors.
type yarnEntry struct {
	descriptors  []string // NAME@RANGE
	fields       map[string]string
	dependencies []string // descriptors, too
}

// readYarn reads the formats of both generations of Yarn, which look the same but
// for the separator of a key and its value: the first is Yarn's own, the second
// a subset of YAML.
func readYarn(l *list, b []byte) error {
	entries, err := parseYarn(b)
	berry := false
	for _, e := range entries {
		if len(e.descriptors) == 1 && e.descriptors[0] == "__metadata" {
			berry = true
		}
	}
	keys := make(map[string]string) // by descriptor
	own := make([]string, len(entries))
	for i, e := range entries {
		if p, more := e.pkg(berry); p != nil {
			own[i] = l.add(e.descriptors[0], p, more...)
		}
		for _, d := range e.descriptors {
			keys[d] = own[i]
		}
	}
	for i, e := range entries {
		for _, d := range e.dependencies {
			to, ok := keys[d]
			if !ok && berry { // Older releases leave the protocol out.
				name, version := node.SplitVersion(d)
				to = keys[name+"@npm:"+version]
			}
			l.Depend(own[i], to)
		}
	}
	return err
}

// pkg returns the package of an entry; nil when it is the application's own code
// or nothing at all.
func (e *yarnEntry) pkg(berry bool) (*node.Package, []sbom.Property) {
	if len(e.descriptors) == 0 || e.descriptors[0] == "__metadata" {
		return nil, nil
	}
	if berry {
		return e.berryPackage()
	}
	name, spec := node.SplitVersion(e.descriptors[0])
	if alias, ok := strings.CutPrefix(spec, "npm:"); ok {
		name, _ = node.SplitVersion(alias)
	}
	resolved := e.fields["resolved"]
	if resolved == "" {
		return nil, nil // A directory: file: or link:.
	}
	p := &node.Package{Name: name, Version: e.fields["version"], Resolved: resolved, Integrity: e.fields["integrity"]}
	if address, sum, ok := strings.Cut(resolved, "#"); ok && strings.HasSuffix(address, ".tgz") {
		p.Resolved, p.SHA1 = address, sum
	}
	return p, nil
}

// berryPackage reads the resolution NAME@PROTOCOL:REFERENCE.
func (e *yarnEntry) berryPackage() (*node.Package, []sbom.Property) {
	if e.fields["linkType"] == "soft" {
		return nil, nil // A workspace, or a link to a directory.
	}
	name, reference := node.SplitVersion(e.fields["resolution"])
	p := &node.Package{Name: name, Version: e.fields["version"]}
	var more []sbom.Property
	if sum := e.fields["checksum"]; sum != "" && len(sum) < 200 {
		more = append(more, sbom.Property{Name: "yarn:checksum", Value: sum})
	}
	switch {
	case strings.HasPrefix(reference, "npm:"), strings.HasPrefix(reference, "virtual:"):
		p.Resolved = parameter(reference, "__archiveUrl")
	case strings.HasPrefix(reference, "patch:"):
		if !strings.Contains(reference, "builtin<") { // Yarn's own, for Plug'n'Play.
			more = append(more, sbom.Property{Name: "yarn:patched", Value: "true"})
		}
	default:
		address, rest, _ := strings.Cut(reference, "#")
		p.Resolved, p.Commit = before(address, "::"), parameter(rest, "commit")
	}
	return p, more
}

// parameter returns the value of a parameter behind "::", or anywhere in a list
// of them; it may be escaped.
func parameter(s, name string) string {
	i := strings.Index(s, name+"=")
	if i < 0 || i > 0 && !strings.ContainsRune(":&#", rune(s[i-1])) {
		return ""
	}
	value, err := url.QueryUnescape(before(s[i+len(name)+1:], "&"))
	if err != nil {
		return ""
	}
	return value
}

func before(s, sep string) string {
	s, _, _ = strings.Cut(s, sep)
	return s
}

// parseYarn reads blocks of lines. Entries before a line that it does not
// understand are returned with the error.
func parseYarn(b []byte) ([]*yarnEntry, error) {
	var entries []*yarnEntry
	var entry *yarnEntry
	section := "" // the list that deeper lines belong to
	pending := "" // a long key, whose ":" is on the next line
	number := 0
	for line := range strings.Lines(string(b)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		text := strings.TrimLeft(line, " ")
		if text == "" || text[0] == '#' {
			continue
		}
		indent := len(line) - len(text)
		switch {
		case indent == 0 && strings.HasPrefix(text, "? "):
			pending = strings.TrimSpace(text[2:])
			continue
		case indent == 0:
			key, ok := strings.CutSuffix(text, ":")
			if key == "" && pending != "" {
				key = pending
			}
			pending = ""
			if !ok || key == "" {
				return entries, fmt.Errorf("%w: line %d is no key", detect.ErrFormat, number)
			}
			entry = &yarnEntry{descriptors: descriptors(key), fields: make(map[string]string)}
			entries = append(entries, entry)
			section = ""
			continue
		case entry == nil:
			return entries, fmt.Errorf("%w: line %d belongs to nothing", detect.ErrFormat, number)
		}
		key, value := field(text)
		switch {
		case indent == 2 && value == "":
			section = key
		case indent == 2:
			section = ""
			entry.fields[key] = value
		case section == "dependencies" || section == "optionalDependencies":
			entry.dependencies = append(entry.dependencies, key+"@"+value)
		}
	}
	return entries, nil
}

// descriptors splits a list of them. In the first version each one may be quoted,
// in the later ones all together are.
func descriptors(key string) []string {
	var out []string
	for key != "" {
		var d string
		d, key = word(key, ",")
		for part := range strings.SplitSeq(d, ", ") {
			out = append(out, strings.TrimSpace(part))
		}
		key = strings.TrimLeft(key, ", ")
	}
	return out
}

// field splits a line into key and value.
func field(text string) (key, value string) {
	key, rest := word(text, ": ")
	rest = strings.TrimPrefix(rest, ":")
	value, _ = word(strings.TrimSpace(rest), "")
	return key, value
}

// word returns the quoted string that s begins with, or what comes before one of
// the separators, and the rest. Ranges have commas and colons in quotes only; a
// name in a key may not, and the first colon of "npm:" is no separator there.
func word(s, separators string) (w, rest string) {
	if s != "" && s[0] == '"' {
		if quoted, err := strconv.QuotedPrefix(s); err == nil {
			w, _ = strconv.Unquote(quoted)
			return w, s[len(quoted):]
		}
	}
	i := strings.IndexAny(s, separators)
	if separators == "" || i < 0 {
		return s, ""
	}
	return s[:i], s[i:]
}
