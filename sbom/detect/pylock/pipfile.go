package pylock

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
)

// pipfilePackage is an entry of a Pipfile.lock. The lock has no edges.
type pipfilePackage struct {
	Version  string   `json:"version"` // "==1.0"
	Hashes   []string `json:"hashes"`
	Git      string   `json:"git"`
	Ref      string   `json:"ref"`
	File     string   `json:"file"` // an address, or a path
	Path     string   `json:"path"`
	Editable bool     `json:"editable"`
}

func readPipfile(l *list, b []byte) error {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	var problem error
	for _, group := range slices.Sorted(maps.Keys(doc)) {
		if group == "_meta" {
			continue
		}
		var packages map[string]*pipfilePackage
		if err := json.Unmarshal(doc[group], &packages); err != nil {
			problem = errors.Join(problem, fmt.Errorf("%w: %v", detect.ErrFormat, err))
		}
		for _, name := range slices.Sorted(maps.Keys(packages)) {
			if in := packages[name]; in != nil {
				l.addPipfile(name, group, in)
			}
		}
	}
	return problem
}

func (l *list) addPipfile(name, group string, in *pipfilePackage) {
	if in.Path != "" && !isArchive(in.Path) || in.Editable && in.Git == "" {
		return
	}
	p := &pkg{name: name, version: strings.TrimLeft(in.Version, "="), vcs: in.Git, commit: in.Ref, dev: group != "default"}
	if origin.Remote(in.File) {
		p.address = in.File
	}
	for _, sum := range in.Hashes {
		p.hashes = append(p.hashes, digest(sum)...)
	}
	l.add(p)
}

// maxLine is the length of the longest line of a requirements file that is read,
// with its continuations.
const maxLine = 64 << 10

// readRequirements reads lines of requirements (PEP 508) and options. What is pinned
// to one version is a package; others leave the version to the installation.
func readRequirements(l *list, b []byte) error {
	var line strings.Builder
	var problem error
	for part := range strings.Lines(string(b)) {
		part = strings.TrimRight(part, "\r\n")
		if trimmed := strings.TrimSpace(part); trimmed == "" || trimmed[0] == '#' {
			part = ""
		}
		rest, continued := strings.CutSuffix(part, `\`)
		if line.Len()+len(rest) > maxLine {
			problem = &detect.LimitError{Path: "line", Limit: maxLine}
			continue
		}
		line.WriteString(rest)
		if !continued {
			l.requirement(line.String())
			line.Reset()
		}
	}
	l.requirement(line.String())
	return problem
}

// requirement reads one logical line: a requirement, and --hash options behind it.
func (l *list) requirement(line string) {
	if i := strings.Index(line, " #"); i >= 0 {
		line = line[:i]
	}
	text, options, _ := strings.Cut(line, " --")
	r, ok := pep.Parse(text)
	if !ok || r.Pinned() == "" {
		return
	}
	p := &pkg{name: r.Name, version: r.Pinned()}
	for option := range strings.FieldsSeq("--" + options) {
		if sum, ok := strings.CutPrefix(option, "--hash="); ok {
			p.hashes = append(p.hashes, digest(sum)...)
		}
	}
	l.add(p)
}
