// Package java finds Java libraries and applications by their archives: jar,
// war, ear and the like, also those inside each other.
//
// # Identity, and what is never guessed
//
// A Maven coordinate is a group id, an artifact id and a version. The sources of
// a group id, in this order, are:
//
//  1. META-INF/maven/GROUP/ARTIFACT/pom.properties,
//  2. the pom.xml beside it, with what it inherits from its parent,
//  3. the archive's path in a local Maven repository or a Gradle cache.
//
// Nothing else states one: bundle names, module names and class names only look
// like it, and no advisory is filed under them. An archive without a group id
// has Name and Version, from its manifest and file name, with their techniques
// and low confidence, no package URL, and a gap that says so. An archive without
// a version anywhere is a component without one, and a gap.
//
// # Several artifacts in one archive
//
// Of several poms, the archive's own is the one that its file name names, or
// else the one that its manifest confirms. The others were shaded into it: they
// are there and can run, so they are installed components, contained in the
// archive's, with the property java:shaded. A nested archive is a component at
// a location like "app/app.jar!/BOOT-INF/lib/a.jar"; it is loaded as it is, and so
// installed too.
//
// Classes that were copied without their pom are told by their packages: those
// that neither the archive's coordinates nor those of an artifact in it resemble
// are the property java:unclaimed-packages. Where the archive is known to be made
// of several artifacts, they are a gap as well. Which artifacts they are, is not
// guessed.
//
// Archives of sources or documentation are [sbom.ScopeDeclared].
package java

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Options bound the work on one file. The zero value, and nil, are the defaults.
// What lies beyond a limit is a gap of kind limit.
type Options struct {
	// MaxDepth is how many archives may lie in each other; default 8.
	MaxDepth int
	// MaxEntries is the number of entries in all archives of one file; default
	// 1,000,000.
	MaxEntries int
	// MaxInflated is how many bytes of entries are read from one file, those of
	// nested archives at each depth; default 256 MiB and 16 times the file's
	// size.
	MaxInflated int64
	// MaxMemory is how many bytes of compressed nested archives are held in
	// memory at a time; default 256 MiB. Stored ones, as in Spring Boot
	// archives, are read in place.
	MaxMemory int64
}

const (
	defaultDepth    = 8
	defaultEntries  = 1_000_000
	defaultInflated = 256 << 20
	inflatedFactor  = 16
	defaultMemory   = 256 << 20
	defaultMetadata = 32 << 20
)

type detector struct {
	opts    Options
	version string
}

// New returns the detector. It is safe for concurrent use. Limits that are not
// the defaults become part of the detector's version, because they can change
// what it finds.
func New(opts *Options) detect.Detector {
	d := detector{version: "3"}
	if opts != nil && *opts != (Options{}) {
		d.opts = *opts
		d.version += fmt.Sprintf("+%d.%d.%d.%d", opts.MaxDepth, opts.MaxEntries, opts.MaxInflated, opts.MaxMemory)
	}
	return d
}

func (d detector) ID() detect.ID { return detect.ID{Name: "java", Version: d.version} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Java (Maven coordinates)",
		Reads: []string{"*.jar", "*.war", "*.ear", "*.hpi", "*.jpi", "*.sar", "*.par", "*.rar", "*.kar",
			"*.nar", "*.lpkg", "*.aar"},
		PURLs:    []string{"maven"},
		Scopes:   []sbom.Scope{sbom.ScopeInstalled, sbom.ScopeDeclared},
		Owns:     []sbom.Claim{sbom.ClaimContent},
		Licenses: true,
	}
}

// Wants any file with the name of a Java archive, whatever it begins with: Java
// reads archives from their end, and a script may come first. The names that
// other formats use too need the magic of a zip file.
func (detector) Wants(e *detect.Entry) bool {
	if e.Size < minArchive {
		return false
	}
	known, shared := archiveName(e.Path)
	return known && (!shared || bytes.HasPrefix(e.Head, []byte("PK")))
}

// minArchive is the size of an empty zip file.
const minArchive = 22

// archiveName reports whether a file is a Java archive by its name, and whether
// other formats use the same extension.
func archiveName(name string) (known, shared bool) {
	switch strings.ToLower(path.Ext(name)) {
	case ".jar", ".war", ".ear", ".hpi", ".jpi":
		return true, false
	case ".sar", ".par", ".rar", ".kar", ".nar", ".lpkg", ".aar":
		return true, true
	}
	return false, false
}

func (d detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	s := newScanner(ctx, d.opts, f)
	sums := newDigests()
	if _, err := io.Copy(sums, f.Reader()); err != nil {
		return nil, fmt.Errorf("%s: %w: %v", f.Path, detect.ErrFormat, err)
	}
	a := &archive{path: f.Path, base: path.Base(f.Path), dir: path.Dir(f.Path), key: f.Path, hashes: sums.digests(), depth: 1}
	err := s.scan(a, f.ReaderAt, f.Size)
	if ctx.Err() != nil {
		return nil, ctx.Err() // What was found so far is not what is there.
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	if !native(f.Head) {
		s.frag.Claims = []detect.Claim{{Key: f.Path, Path: f.Path, Ground: sbom.ClaimContent}}
	}
	return s.frag, nil
}

// native reports whether a file is a program for the kernel. An archive at its end
// says nothing about what it does when it is run.
func native(head []byte) bool {
	for _, magic := range []string{"\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// digests computes those that indexes of Java archives use.
type digests struct{ sha256, sha1 hash.Hash }

func newDigests() digests { return digests{sha256.New(), sha1.New()} }

func (d digests) Write(p []byte) (int, error) {
	_, _ = d.sha256.Write(p)
	return d.sha1.Write(p)
}

func (d digests) digests() []sbom.Digest {
	return []sbom.Digest{
		sbom.Digest("sha256:" + hex.EncodeToString(d.sha256.Sum(nil))),
		sbom.Digest("sha1:" + hex.EncodeToString(d.sha1.Sum(nil))),
	}
}
