package dpkg

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// maxWall is the size of the largest manifest of Chisel, decompressed.
const maxWall = 64 << 20

// wallEntry is one line of a manifest: the header, or what kind says (Chisel, "Chisel
// Manifest" and "jsonwall", version 1.0 of both).
type wallEntry struct {
	Wall   string `json:"jsonwall"`
	Schema string `json:"schema"`
	Kind   string `json:"kind"`
	// Of a package; sha256 is that of its archive, and of a path that of its file.
	Name, Version, Arch string
	SHA256              string `json:"sha256"`
	// Of a path. FinalSHA256 is there when Chisel changed the file.
	Path        string
	Slices      []string
	FinalSHA256 string `json:"final_sha256"`
}

// readWall reads the manifest of an image that Chisel cut out of packages: which packages
// they were, which slices of them are there, and which files with which digests.
// It does not name source packages.
func (db *database) readWall(f *detect.File) error {
	text, err := decompress(f)
	if err != nil {
		return err
	}
	w := wall{db: db, slices: make(map[string][]string), seen: make(map[string]bool), claims: ospkg.NewClaims(f, db.root, maxClaims)}
	first, n := true, 0
	for line := range bytes.Lines(text) {
		if n++; n&0xff == 0 && db.ctx.Err() != nil {
			return stopped(db.path, db.ctx.Err())
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var e wallEntry
		if err := json.Unmarshal(line, &e); err != nil {
			db.gaps.Add(sbom.GapCorrupt, "line %d is no JSON object: %v", n, err)
			continue
		}
		if first {
			first = false
			if e.Wall != "1.0" || e.Schema != "1.0" {
				return fmt.Errorf("%s: %w: jsonwall %.20q, schema %.20q", db.path, detect.ErrUnsupported, e.Wall, e.Schema)
			}
			continue
		}
		if err := w.add(&e, n); err != nil {
			w.finish()
			return err
		}
	}
	w.finish()
	return nil
}

// decompress returns the text of a manifest.
func decompress(f *detect.File) ([]byte, error) {
	z, err := zstd.NewReader(f.Reader(), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWall), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, readError(f, err)
	}
	defer z.Close()
	text, err := io.ReadAll(io.LimitReader(z, maxWall+1))
	switch {
	case len(text) > maxWall, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, &detect.LimitError{Path: f.Path, Limit: maxWall}
	case err != nil:
		return nil, readError(f, err)
	}
	return text, nil
}

// wall is a manifest while it is read.
type wall struct {
	db     *database
	claims *ospkg.Claims
	slices map[string][]string // by package
	seen   map[string]bool     // keys
}

func (w *wall) add(e *wallEntry, n int) error {
	switch e.Kind {
	case "package":
		return w.addPackage(e, n)
	case "path":
		return w.addPath(e)
	case "slice":
		if pkg, slice, ok := strings.Cut(e.Name, "_"); ok && len(w.slices[pkg]) < maxSlices {
			w.slices[pkg] = append(w.slices[pkg], slice)
		}
	case "content": // Every path names its slices.
	default:
		w.db.gaps.Add(sbom.GapUnsupported, "line %d has the unknown kind %s", n, ospkg.Clip(e.Kind))
	}
	return nil
}

// maxSlices is the number of slices of a package that are told.
const maxSlices = 256

func (w *wall) addPackage(e *wallEntry, n int) error {
	db := w.db
	if !ospkg.ValidName(e.Name) {
		db.gaps.Add(sbom.GapCorrupt, "line %d has no valid name of a package: %s", n, ospkg.Clip(e.Name))
		return nil
	}
	if len(db.frag.Components) == maxPackages {
		return &detect.LimitError{Path: db.path, Limit: maxPackages, What: "packages"}
	}
	version := db.gaps.Checked(e.Name, "version", e.Version, ospkg.ValidVersion)
	arch := db.gaps.Checked(e.Name, "architecture", e.Arch, ospkg.ValidName)
	c := detect.Component{Key: db.key(e.Name)}
	if arch != "" {
		c.Aliases = []string{c.Key}
		c.Key = db.key(e.Name + ":" + arch)
	}
	if w.seen[c.Key] {
		db.gaps.Add(sbom.GapCorrupt, "package %s is listed twice; the first counts", c.Key)
		return nil
	}
	w.seen[c.Key] = true
	c.Type = sbom.TypeLibrary
	c.Name = e.Name
	c.Version = version
	c.Architecture = arch
	c.PURL = sbom.NewPURL("deb", "", e.Name, version, map[string]string{"arch": arch})
	if d, err := sbom.ParseDigest("sha256:" + e.SHA256); err == nil {
		c.Hashes = []sbom.Digest{d}
	}
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueManifest, Confidence: 1, Value: c.PURL}}
	db.frag.Components = append(db.frag.Components, c)
	return nil
}

// addPath claims a file for the packages whose slices brought it. Directories end in a
// slash.
func (w *wall) addPath(e *wallEntry) error {
	if strings.HasSuffix(e.Path, "/") {
		return nil
	}
	c := detect.Claim{}
	if hash := cmp.Or(e.FinalSHA256, e.SHA256); hash != "" {
		d, err := sbom.ParseDigest("sha256:" + hash)
		if err != nil {
			w.db.gaps.Add(sbom.GapCorrupt, "the digest of %s is malformed: %s", ospkg.Clip(e.Path), ospkg.Clip(hash))
		}
		c.Digest = d
	}
	last := ""
	for _, slice := range e.Slices {
		pkg, _, ok := strings.Cut(slice, "_")
		if !ok || !ospkg.ValidName(pkg) || pkg == last {
			continue
		}
		last = pkg
		c.Key = w.db.key(pkg)
		if err := w.claims.Add(c, e.Path, &w.db.gaps); err != nil {
			return err
		}
	}
	return nil
}

// finish adds what was collected.
func (w *wall) finish() {
	w.db.frag.Claims = w.claims.List()
	for i := range w.db.frag.Components {
		c := &w.db.frag.Components[i]
		if list := w.slices[c.Name]; len(list) > 0 {
			c.Properties = []sbom.Property{{Name: "dpkg:slices", Value: ospkg.Text(strings.Join(list, " "))}}
		}
	}
}
