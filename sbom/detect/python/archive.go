package python

import (
	"archive/zip"
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/inflate"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/fixture"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
)

// Limits on archives.
const (
	maxDirectory     = 32 << 20 // bytes of the archive's directory; that of torch has 2 MB
	maxDistributions = 1000     // in one archive
)

// archiveKind returns the kind of archive that a name is of: egg, wheel or zipapp;
// empty if none.
func archiveKind(base string) string {
	switch path.Ext(base) {
	case ".egg":
		return "egg"
	case ".whl":
		return "wheel"
	case ".pyz", ".pex":
		return "zipapp"
	}
	return ""
}

// readArchive reads the metadata inside an archive. Of an egg or a wheel that is one
// at the top; a zipapp has those of all that it needs.
func readArchive(p place, f *detect.File) (*detect.Fragment, error) {
	limited := readlimit.New(f, f.Path, maxDirectory)
	z, err := zip.NewReader(limited, f.Size)
	if err != nil {
		return nil, cmp.Or(limited.Err(), fmt.Errorf("%w: %v", detect.ErrFormat, err))
	}
	limited.Lift()
	z.RegisterDecompressor(zip.Deflate, inflate.Decompressor)
	a := &archive{file: f, site: p.site, kind: archiveKind(path.Base(f.Path)), keys: make(map[string]bool)}
	for _, entry := range z.File {
		inside, ok := a.place(entry.Name)
		if !ok {
			continue
		}
		if len(a.keys) == maxDistributions {
			err = &detect.LimitError{Path: f.Path, Limit: maxDistributions, What: "distributions"}
			break
		}
		if problem := a.add(inside, entry); problem != nil && err == nil {
			err = fmt.Errorf("%.200q: %w", entry.Name, problem)
		}
	}
	if len(a.frag.Components)+len(a.frag.Gaps) == 0 {
		return nil, err
	}
	return &a.frag, err
}

// archive collects what the metadata in an archive says.
type archive struct {
	file *detect.File
	site string // the directory that the archive is in
	kind string
	keys map[string]bool // of the distributions that were read
	frag detect.Fragment
}

// place returns where the distribution is whose metadata an entry has; ok is false
// for other entries.
func (a *archive) place(name string) (p place, ok bool) {
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	if path.Clean(name) != name || path.IsAbs(name) {
		return p, false
	}
	meta := a.file.Path + "!/" + dir
	switch {
	case a.kind == "egg" && name == "EGG-INFO/PKG-INFO":
		return place{meta: meta, site: a.site, code: a.site, stem: strings.TrimSuffix(path.Base(a.file.Path), ".egg")}, true
	case a.kind == "wheel" && base == "METADATA" && strings.HasSuffix(dir, ".dist-info") && !strings.Contains(dir, "/"):
		// Its own name has the version in it, and a key must not.
		site := a.site + "/*.whl"
		return place{meta: meta, site: site, code: site, stem: strings.TrimSuffix(dir, ".dist-info")}, true
	case a.kind == "zipapp" && base == "METADATA" && strings.HasSuffix(dir, ".dist-info"):
		site := a.file.Path + "!/" + path.Dir(dir)
		return place{meta: meta, site: site, code: site, stem: strings.TrimSuffix(path.Base(dir), ".dist-info")}, true
	}
	return p, false
}

func (a *archive) add(p place, entry *zip.File) error {
	r, err := entry.Open()
	if err != nil {
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	defer r.Close()
	location := a.file.Path + "!/" + entry.Name
	frag, err := describe(p, r, location)
	if frag == nil || a.keys[frag.Components[0].Key] {
		return err
	}
	c := &frag.Components[0]
	a.keys[c.Key] = true
	for i := range c.Evidence {
		c.Evidence[i].Location.Path = location
	}
	if a.kind != "zipapp" {
		a.frag.Claims = append(a.frag.Claims, detect.Claim{Key: c.Key, Path: a.file.Path, Ground: sbom.ClaimContent})
		if a.file.Digest != "" {
			c.Hashes = []sbom.Digest{a.file.Digest}
		}
	}
	if a.kind == "wheel" {
		frag.Relations = p.contains(c.Key) // What it needs is found when it is installed.
		c.Scope = a.wheelScope(c.Scope)
	}
	a.frag.Components = append(a.frag.Components, *c)
	a.frag.Relations = append(a.frag.Relations, frag.Relations...)
	a.frag.Gaps = append(a.frag.Gaps, frag.Gaps...)
	return err
}

// wheelScope tells a wheel that is part of something, by the directories around it,
// from one that is only there to be installed.
func (a *archive) wheelScope(scope sbom.Scope) sbom.Scope {
	switch _, _, env := (place{site: a.site}).environment(); {
	case scope != sbom.ScopeInstalled:
		return scope
	case env:
		return sbom.ScopeBundled
	case fixture.Path(a.site):
		return sbom.ScopeFixture
	}
	return sbom.ScopeDeclared
}
