// Package scalibr lets the extractors of osv-scalibr be detectors.
//
// An extractor (filesystem.Extractor of github.com/google/osv-scalibr) reads
// files of one kind and names packages. [New] makes a [detect.Detector] of it, and
// package extra lists those that add to what this project reads itself:
//
//	d, err := scalibr.New(extractor)
//	...
//	opts.Detectors = append(catalog.Detectors(), d)
//
// An extractor for what a detector of this project reads finds everything a second
// time, and less of it: no files, no layers of a database.
//
// # What its packages become
//
// Each package becomes a component with the package URL that osv-scalibr makes for
// it, in canonical form. Two things are not taken over. osv-scalibr does not tell
// installed software from what a lock file names; here every extractor has a
// [Meaning], and what none is known for is declared, at half the confidence. And a
// package without a version, or with a range of versions, is a gap. Lock files and
// manifests inside installed packages (node_modules, site-packages) are not read: they
// serve the development of those.
//
// # What an extractor sees
//
// A detector sees one file and nothing else, so that layers can be cached. An
// extractor that asks its file system for another file does not get it; the
// fragment then has a gap that names the file. Of the file that names the
// distribution (os-release) there is no gap: the inventory knows the distribution,
// it is only not in the package URL. Nothing is ever read from, or written to, the
// machine's own file system on behalf of osv-scalibr's file system; an extractor
// that needs it is refused where that is known ([ErrUnfit]).
//
// # Limits
//
// Files over [MaxFileSize], reading a file over and over, more packages than any
// file has, and panics end in a typed error. The time and memory that an extractor
// spends on what it has read are its own. A stack that overflows, or a panic in
// another goroutine, ends the process: extractors of osv-scalibr that this is known of
// are refused or bounded; those of others are the caller's to judge.
//
// osv-scalibr logs by the process's own logger, standard error if nothing else is
// set; its log.SetLogger changes that.
package scalibr

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/inventory"
	"github.com/google/osv-scalibr/version"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
)

// MaxFileSize is the size in bytes of the largest file that an extractor is given.
// Most of them read their file into memory.
const MaxFileSize = 64 << 20

// revision changes when this package makes other facts of the same packages.
const revision = 1

// detector makes an extractor a detect.Detector.
type detector struct {
	ex      filesystem.Extractor
	id      detect.ID
	meaning Meaning
	// foreign is set when files inside installed packages are of no interest.
	foreign bool
	// osv-scalibr calls an extractor from one goroutine, and some keep state.
	mu sync.Mutex
}

// New returns the detector of an extractor, with the meaning that [MeaningOf] knows
// for its name. Its ID is "scalibr/" and the name of the extractor; the version has
// osv-scalibr's, the extractor's and this package's. It does not say how ex is
// configured: whoever changes the configuration begins a new catalog.Cache.
//
// The error wraps [ErrUnfit] when the extractor cannot work on one file of an image.
// ex belongs to the detector, which calls Extract once at a time; FileRequired is
// called concurrently.
func New(ex filesystem.Extractor) (detect.Detector, error) {
	m, _ := MeaningOf(ex.Name())
	return NewAs(ex, m)
}

// NewAs is [New] for an extractor of which the caller knows what it finds.
func NewAs(ex filesystem.Extractor, m Meaning) (detect.Detector, error) {
	if err := fit(ex); err != nil {
		return nil, err
	}
	if !(m.Confidence > 0 && m.Confidence <= 1) || m.Technique == "" {
		return nil, fmt.Errorf("scalibr: %s: meaning %+v needs a technique, and a confidence over 0 and up to 1", ex.Name(), m)
	}
	id := detect.ID{
		Name:    "scalibr/" + oneline.Token(ex.Name(), 200),
		Version: fmt.Sprintf("%d-%s-%d", revision, version.ScannerVersion, ex.Version()),
	}
	if known, _ := MeaningOf(ex.Name()); known != m { // Other facts: not those that a cache has.
		id.Version += fmt.Sprintf("-%s-%s-%s-%g", m.Type, m.Scope, m.Technique, m.Confidence)
	}
	return &detector{ex: ex, id: id, meaning: m, foreign: ofDevelopment(ex.Name())}, nil
}

func (d *detector) ID() detect.ID { return d.id }

// Wants asks the extractor, about a file of one byte: many turn down what is too
// large for them without a word, and Detect shall say so.
func (d *detector) Wants(e *detect.Entry) bool {
	return d.requires(info{e.Path, min(e.Size, 1), e.Mode}) && !(d.foreign && declared.Foreign(e.Path))
}

// requires asks the extractor. One that panics is given the file, and may do better.
func (d *detector) requires(i info) (required bool) {
	defer func() {
		if recover() != nil {
			required = true
		}
	}()
	return d.ex.FileRequired(fileAPI{i})
}

func (d *detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	if f.Size > MaxFileSize {
		return nil, &detect.LimitError{Path: f.Path, Limit: MaxFileSize, Size: f.Size}
	}
	if why := unsafeFile(d.ex.Name(), f.Path); why != "" {
		return nil, fmt.Errorf("%w: %s", detect.ErrUnsupported, why)
	}
	if readsTOML(d.ex.Name()) {
		if err := shallow(f); err != nil {
			return nil, err
		}
	}
	content := readlimit.New(f, f.Path, 1<<20+8*f.Size)
	one := &oneFile{info: info{f.Path, f.Size, f.Mode}, content: content}
	if !d.requires(one.info) {
		return nil, fmt.Errorf("%w: the extractor takes no file of %d bytes", detect.ErrLimit, f.Size)
	}
	inv, err := d.extract(ctx, one)
	all := newCollector(d, f)
	all.packages(inv.Packages, one.missed())
	all.others(&inv)
	all.missing(one.missed())
	frag, full := all.fragment()
	if err = classify(ctx, err, content, one); err == nil {
		err = full
	}
	return frag, err
}

// extract calls the extractor. A panic is an error.
func (d *detector) extract(ctx context.Context, one *oneFile) (inv inventory.Inventory, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() {
		if r := recover(); r != nil {
			inv, err = inventory.Inventory{}, fmt.Errorf("the extractor panicked: %v", r)
		}
	}()
	return d.ex.Extract(ctx, &filesystem.ScanInput{
		FS: one, Path: one.path, Root: nowhere, Info: one.info, Reader: one.open().content,
	})
}

// classify makes an extractor's error one of package detect's.
func classify(ctx context.Context, err error, content *readlimit.ReaderAt, one *oneFile) error {
	switch {
	case content.Exceeded():
		return content.Err()
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	for _, known := range []error{detect.ErrFormat, detect.ErrLimit, detect.ErrEncrypted, detect.ErrUnsupported} {
		if errors.Is(err, known) {
			return err
		}
	}
	kind := detect.ErrFormat
	if len(one.missed()) > 0 || strings.Contains(err.Error(), nowhere) {
		kind = detect.ErrUnsupported // It could not have the file system that it asked for.
	}
	return fmt.Errorf("%w: %s", kind, oneline.Text(err.Error(), 512))
}
