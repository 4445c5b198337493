package buildkit

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

// Names of the targets that BuildKit has scanned (moby/buildkit,
// frontend/attestations/sbom).
const (
	resultTarget = "sbom"
	extraPrefix  = "sbom-"
	contextStage = "context"
)

// addInventory reads the SPDX document of the statement that will have the index src.
func (b *Build) addInventory(predicate []byte, src int, components *int) error {
	var doc struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(predicate, &doc); err != nil {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	stage, extra := strings.CutPrefix(doc.Name, extraPrefix)
	if !extra && doc.Name != resultTarget {
		return fmt.Errorf("SBOM of %.100q, neither %q nor %q and a stage: %w", doc.Name, resultTarget, extraPrefix, errors.ErrUnsupported)
	}
	if *components <= 0 {
		return fmt.Errorf("%w: more than %d components", ErrLimit, b.limits.MaxComponents)
	}
	inv, err := spdx.Decode(bytes.NewReader(predicate), &spdx.DecodeOptions{MaxBytes: int64(len(predicate)) + 1, MaxComponents: *components})
	switch {
	case errors.Is(err, spdx.ErrLimit):
		return fmt.Errorf("%w: %w", ErrLimit, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	*components -= len(inv.Components) + len(inv.Files)
	switch {
	case extra:
		b.scanned = append(b.scanned, Stage{Name: strings.ToLower(stage), Inventory: inv, Source: src})
	case b.Result != nil:
		return fmt.Errorf("a second SBOM of the result, of which only the first is read: %w", errors.ErrUnsupported)
	default:
		b.Result = inv
	}
	return nil
}

// settle gives the stages their inventories, when all statements are read.
func (b *Build) settle() {
	named := make(map[string]int, len(b.Stages))
	for i := range b.Stages {
		named[b.Stages[i].Name] = i
	}
	for _, s := range b.scanned {
		at, known := named[s.Name]
		switch {
		case !known:
			named[s.Name] = len(b.Stages)
			b.Stages = append(b.Stages, s)
		case b.Stages[at].Inventory != nil:
			b.fail(b.Statements[s.Source], fmt.Errorf("a second SBOM of stage %.100q, of which only the first is read: %w", s.Name, errors.ErrUnsupported))
		default:
			b.Stages[at].Inventory, b.Stages[at].Source = s.Inventory, s.Source
		}
	}
	b.scanned = nil
	for i := range b.Stages {
		if s := &b.Stages[i]; s.Inventory != nil {
			b.contents[s.Name] = newContents(s.Inventory)
		}
	}
}

// contents are the files of a stage, as far as its inventory lists them.
type contents struct {
	algorithms map[string][]string // of the digests that are listed for a path
	listed     map[listing]bool
	byDigest   map[sbom.Digest]string // the first path
	byName     map[named]string       // the first path
}

// listing is one digest of the file at a path.
type listing struct {
	path   string
	digest sbom.Digest
}

// named is a file by its content and the last element of its path.
type named struct {
	digest sbom.Digest
	base   string
}

func newContents(inv *sbom.Inventory) *contents {
	c := &contents{algorithms: make(map[string][]string), listed: make(map[listing]bool), byDigest: make(map[sbom.Digest]string), byName: make(map[named]string)}
	for i := range inv.Files {
		if f := &inv.Files[i]; f.Integrity != sbom.Missing {
			c.add(f.Path, f.Digests)
		}
	}
	for i := range inv.Components { // Other generators list files so.
		if f := &inv.Components[i]; f.Type == sbom.TypeFile {
			c.add(clean(f.Name), f.Hashes)
		}
	}
	return c
}

func (c *contents) add(name string, digests []sbom.Digest) {
	for _, d := range strong(digests) {
		if alg := d.Algorithm(); !slices.Contains(c.algorithms[name], alg) {
			c.algorithms[name] = append(c.algorithms[name], alg)
		}
		c.listed[listing{name, d}] = true
		first(c.byDigest, d, name)
		first(c.byName, named{d, path.Base(name)}, name)
	}
}

// first sets the path of a key if it comes before the one that is there.
func first[K comparable](paths map[K]string, key K, name string) {
	if have, ok := paths[key]; !ok || name < have {
		paths[key] = name
	}
}

// strong returns the digests that prove that two files are the same: nobody can make
// two files with one SHA-2 digest.
func strong(digests []sbom.Digest) []sbom.Digest {
	var out []sbom.Digest
	for _, d := range digests {
		switch d.Algorithm() {
		case "sha256", "sha384", "sha512":
			out = append(out, d)
		}
	}
	return out
}

// compare says whether the stage has the file at the path, and where it has it: behind
// a symlink or a wildcard the path may be another one. Of those with the same content,
// it is the first with the same last element, or the first. It takes the same time
// however many files the stage lists, because each file of the image is asked for.
func (c *contents) compare(name string, f *sbom.File) (Proof, string) {
	if c == nil {
		return Stated, name
	}
	want := strong(f.Digests)
	if len(c.algorithms[name]) > 0 {
		return c.at(name, want), name
	}
	if f.Size == 0 {
		return Stated, name // Empty files are all alike.
	}
	for _, d := range want {
		if at, ok := c.byName[named{d, path.Base(cmp.Or(name, f.Path))}]; ok {
			return Proved, at
		}
		if at, ok := c.byDigest[d]; ok {
			return Proved, at
		}
	}
	return Stated, name
}

// at says whether the file at a path has one of the digests.
func (c *contents) at(name string, want []sbom.Digest) Proof {
	p := Stated
	for _, d := range want {
		switch {
		case c.listed[listing{name, d}]:
			return Proved
		case slices.Contains(c.algorithms[name], d.Algorithm()):
			p = Refuted
		}
	}
	return p
}

// sameFile compares digests of the same algorithm.
func sameFile(have, want []sbom.Digest) Proof {
	p := Stated
	for _, h := range have {
		for _, w := range want {
			switch {
			case h == w:
				return Proved
			case h.Algorithm() == w.Algorithm():
				p = Refuted
			}
		}
	}
	return p
}
