package npm

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/inflate"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
)

// Limits on an archive of Yarn's cache: one package each, with those bundled in it.
const (
	maxDirectory = 16 << 20 // bytes of the archive's directory
	maxManifests = 2000     // package.json files that are read; next has 400
	maxInflated  = 64 << 20 // bytes of them
)

// readYarnArchive reads the manifests in an archive of Yarn's cache, which has one
// package, as node_modules/NAME.
func readYarnArchive(f *detect.File) (*detect.Fragment, error) {
	limited := readlimit.New(f, f.Path, maxDirectory)
	z, err := zip.NewReader(limited, f.Size)
	if err != nil {
		return nil, cmp.Or(limited.Err(), fmt.Errorf("%w: %v", detect.ErrFormat, err))
	}
	limited.Lift()
	z.RegisterDecompressor(zip.Deflate, inflate.Decompressor)
	a := &yarnArchive{path: f.Path, left: maxInflated, keys: make(map[string]bool)}
	read := 0
	for _, entry := range z.File {
		if path.Base(entry.Name) != "package.json" || path.Clean(entry.Name) != entry.Name || !strings.HasPrefix(entry.Name, "node_modules/") {
			continue
		}
		if read++; read > maxManifests {
			err = &detect.LimitError{Path: f.Path, Limit: maxManifests, What: "manifests"}
			break
		}
		if err = a.add(entry); errors.Is(err, detect.ErrLimit) {
			break
		} else if err != nil {
			a.frag.Gaps = append(a.frag.Gaps, sbom.Gap{Kind: sbom.GapCorrupt, Message: fmt.Sprintf("%q: %v", entry.Name, err)})
			err = nil
		}
	}
	if len(a.frag.Components)+len(a.frag.Gaps) == 0 {
		return nil, err
	}
	return &a.frag, err
}

// yarnArchive collects what the manifests in an archive say.
type yarnArchive struct {
	path string
	left int64 // bytes that may be inflated
	keys map[string]bool
	frag detect.Fragment
}

func (a *yarnArchive) add(entry *zip.File) error {
	r, err := entry.Open()
	if err != nil {
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	defer r.Close()
	limit := min(maxManifest, a.left)
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	if a.left -= int64(len(b)); int64(len(b)) > limit {
		return &detect.LimitError{Path: a.path + "!/" + entry.Name, Limit: limit}
	}
	m, err := parse(b)
	if err != nil {
		return err
	}
	a.file(entry.Name, fragment(placeOf(path.Dir(a.path+"!/"+entry.Name)), m))
	return nil
}

// file files what a manifest in the archive says. The package itself has a key
// without the archive's name, which has the version in it; the archive is all that
// it can claim.
func (a *yarnArchive) file(name string, frag *detect.Fragment) {
	if frag == nil {
		return
	}
	for _, c := range frag.Components {
		dir := path.Dir(a.path + "!/" + name)
		if strings.Count(name, "node_modules/") == 1 && c.Scope == sbom.ScopeInstalled {
			c.Key = path.Dir(a.path) + " " + strings.TrimPrefix(c.Group+"/"+c.Name, "/")
			c.Aliases = []string{dir, a.path}
			a.frag.Claims = append(a.frag.Claims, detect.Claim{Key: c.Key, Path: a.path, Ground: sbom.ClaimContent})
		}
		if a.keys[c.Key] {
			continue // An archive may have a name twice; the first is the one that is found.
		}
		a.keys[c.Key] = true
		for i := range c.Evidence {
			c.Evidence[i].Location.Path = a.path + "!/" + name
		}
		a.frag.Components = append(a.frag.Components, c)
	}
	a.frag.Relations = append(a.frag.Relations, frag.Relations...)
	a.frag.Gaps = append(a.frag.Gaps, frag.Gaps...)
}
