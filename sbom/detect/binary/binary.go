package binary

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/header"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/staticlib"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// minSize is the size in bytes of the smallest program that is looked into.
const minSize = 1 << 10

// Options choose what is reported. The zero value is the precise mode with the table of
// package rules.
type Options struct {
	// Eager reports what is likely, and what the file was built against, beside what
	// is all but certain.
	Eager bool
	// Table is used in place of rules.Load(): that, with products of one's own behind its, or a
	// smaller one.
	Table *rules.Table
	// Sources are asked for each program by its digest and build-id, in that order. What they
	// know is taken over what the program says. None if empty.
	Sources []Source
	// Libraries are static libraries that are looked for by their functions, where no text says that
	// they are there: see package staticlib/debian. None if nil.
	Libraries *staticlib.Table
	// Thorough has programs in Go and Rust of which nothing surer says what they are read once more,
	// for what their strings are: [Detector.Detect] returns detect.ErrSkipped for those that went by
	// once. Files with an io.ReaderAt are read so in any case.
	Thorough bool
}

// Detector finds software in programs. It does not change, and is safe for concurrent use.
type Detector struct {
	index   func() *rules.Index // made when the first program comes
	library *staticlib.Table    // nil: static libraries are not looked for by their functions
	again   bool
	eager   bool
	sources []Source
	version string
	scratch *sync.Pool // of *scratch
}

// Default returns a Detector in the precise mode with the table of package rules.
func Default() *Detector {
	d, err := New(nil)
	if err != nil {
		panic(err) // It can only be that of a table.
	}
	return d
}

// New returns a Detector. Nil options are the zero value. The error is that of a table with a
// row that rules.Read would refuse.
func New(opts *Options) (*Detector, error) {
	if opts == nil {
		opts = &Options{}
	}
	index := rules.LoadIndex
	if opts.Table != nil {
		own, err := opts.Table.Index()
		if err != nil {
			return nil, err
		}
		index = func() *rules.Index { return own }
	}
	return &Detector{index: index, library: opts.Libraries, again: opts.Thorough, eager: opts.Eager, sources: slices.Clone(opts.Sources), version: opts.version(), scratch: new(sync.Pool)}, nil
}

// ID implements detect.Detector. What the modes, tables and sources find differs, and so does
// the version.
func (d *Detector) ID() detect.ID { return detect.ID{Name: "binary", Version: d.version} }

// Wants wants every linked program, and what programs are made of that has no detector of its
// own: archives of Electron, zip files behind a first line of Python, and the file in
// which Java runtimes say what they are.
func (d *Detector) Wants(e *detect.Entry) bool {
	return e.Size >= minSize && program(e.Head) || carrierOf(e) != nil
}

// program reports whether a file that begins with head is linked.
func program(head []byte) bool { return section.Executable(head) || header.Is(head) }

// Coverage implements detect.Covering.
func (d *Detector) Coverage() detect.Coverage {
	c := detect.Coverage{
		Ecosystem: "Programs without metadata",
		Reads:     []string{"ELF, PE, Mach-O and WebAssembly programs, and their payloads", "*.asar", "zip files with a first line of Python", "release (of a Java runtime)"},
		PURLs:     []string{"generic", "github", "golang", "cargo", "deb", "rpm", "npm", "pypi", "maven"},
		Scopes:    []sbom.Scope{sbom.ScopeInstalled},
		Owns:      []sbom.Claim{sbom.ClaimContent, sbom.ClaimDirectory},
		Licenses:  true,
	}
	if d.eager {
		c.Scopes = append(c.Scopes, sbom.ScopeDeclared)
	}
	return c
}

// Sift implements detect.Sifter: a program is read as it goes by, and nothing of it is kept
// but its ends. One with a payload is read once more.
func (d *Detector) Sift(e *detect.Entry) detect.Sieve {
	if carrierOf(e) != nil {
		return nil
	}
	return &sieve{newReading(d, e.Path, e.Size, nil)}
}

// sieve is the pass over a file.
type sieve struct{ *reading }

// ReadAt returns detect.ErrSkipped: nothing is kept.
func (*sieve) ReadAt([]byte, int64) (int, error) { return 0, detect.ErrSkipped }

// Detect implements detect.Detector.
func (d *Detector) Detect(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	if read := carrierOf(&f.Entry); read != nil {
		return read(ctx, d, f)
	}
	s, ok := f.ReaderAt.(*sieve)
	if !ok {
		s = &sieve{newReading(d, f.Path, f.Size, f.ReaderAt)}
		if err := s.read(ctx, f.Reader()); err != nil {
			return nil, fmt.Errorf("%s: %w: %v", f.Path, detect.ErrFormat, err)
		}
	}
	defer s.free()
	if s.incomplete() {
		return nil, fmt.Errorf("%s: %w", f.Path, errOnce)
	}
	report := s.report(ctx)
	err := d.consult(report, strings.TrimPrefix(string(f.Digest), "sha256:"))
	frag := fragment(f, report)
	if err != nil {
		frag.Gaps = append(frag.Gaps, sbom.Gap{Kind: sbom.GapCorrupt, Message: oneline.Text(err.Error(), statement.MaxText)})
	}
	return frag, nil
}

// Identify reads a whole file of size bytes and reports what is in it. The path is where
// the file would be in a system: the name of a file is part of what decides, and never
// alone. What is no program gives a Report without a format. If r is an io.ReaderAt of
// the same file as well, as an *os.File is, payloads are read, and else told as not read.
// The error is that of the reader or the context, or of a Source: then the Report is what is
// known without it.
func (d *Detector) Identify(ctx context.Context, path string, size int64, r io.Reader) (*Report, error) {
	again, _ := r.(io.ReaderAt)
	c := newReading(d, path, size, again)
	defer c.free()
	digest := sha256.New()
	if len(d.sources) > 0 {
		r = io.TeeReader(r, digest)
	}
	if err := c.read(ctx, r); err != nil {
		return nil, err
	}
	report := c.report(ctx)
	return report, d.consult(report, hex.EncodeToString(digest.Sum(nil)))
}

func (r *reading) read(ctx context.Context, from io.Reader) error {
	b := r.scratch.piece[:]
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := from.Read(b)
		_, _ = r.Write(b[:n])
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}
