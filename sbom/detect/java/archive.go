package java

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/internal/inflate"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
)

// Limits on metadata. The largest directory known has about 110,000 entries and
// 12 MB.
const (
	maxDirectory  = 32 << 20
	maxManifest   = 1 << 20
	maxProperties = 64 << 10
	maxPOM        = 512 << 10
	maxPath       = 1024
)

// scanner goes through the archives of one file and keeps the accounts.
type scanner struct {
	ctx  context.Context
	frag *detect.Fragment
	keys map[string]bool
	// names counts the nested archives of a path.
	names map[string]int

	depth    int   // limit
	entries  int   // left
	inflated int64 // left
	memory   int64 // left
	metadata int64 // left, of manifests and poms, which cost many times their size
}

func newScanner(ctx context.Context, o Options, f *detect.File) *scanner {
	return &scanner{
		ctx: ctx, frag: &detect.Fragment{}, keys: make(map[string]bool), names: make(map[string]int),
		depth:    cmp.Or(o.MaxDepth, defaultDepth),
		entries:  cmp.Or(o.MaxEntries, defaultEntries),
		inflated: cmp.Or(o.MaxInflated, defaultInflated+inflatedFactor*f.Size),
		memory:   cmp.Or(o.MaxMemory, defaultMemory),
		metadata: defaultMetadata + f.Size,
	}
}

// archive is one archive and what its entries say.
type archive struct {
	path   string // with those around it, as in sbom.Location
	base   string // the last element of path
	dir    string // what is before it
	key    string // of its component
	outer  string // key of the archive around it
	hashes []sbom.Digest
	depth  int

	manifest manifest
	poms     map[string]*pom // by directory
	nested   []*zip.File
	classes  bool
	packages map[string]bool // of the classes, with slashes; at most maxPackages
	lastDir  string          // of the last class
	boot     bool            // Spring Boot's layout
}

// openZip is the one place that opens an archive.
func openZip(r io.ReaderAt, size int64, name string) (*zip.Reader, error) {
	limited := readlimit.New(r, name, maxDirectory)
	z, err := zip.NewReader(limited, size)
	if err != nil {
		return nil, cmp.Or(limited.Err(), fmt.Errorf("%w: %v", detect.ErrFormat, err))
	}
	limited.Lift()
	z.RegisterDecompressor(zip.Deflate, inflate.Decompressor)
	return z, nil
}

// scan reads the archive and those in it. An error is about the archive as a
// whole; what is about a part of it is a gap.
func (s *scanner) scan(a *archive, r io.ReaderAt, size int64) error {
	z, err := openZip(r, size, a.path)
	if err != nil {
		return err
	}
	for i, f := range z.File {
		if s.entries--; s.entries < 0 {
			s.gap(a.path, &detect.LimitError{Path: a.path, Limit: int64(i), Size: int64(len(z.File)), What: "entries"})
			break
		}
		s.entry(a, f)
	}
	s.identify(a)
	for _, f := range a.nested {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		s.open(a, f, r)
	}
	return nil
}

// entry sorts one entry by its name and reads the metadata.
func (s *scanner) entry(a *archive, f *zip.File) {
	name := slashed(f.Name)
	switch {
	case strings.HasSuffix(name, "/"):
	case strings.HasSuffix(name, ".class"):
		a.addClass(name)
	case strings.EqualFold(name, "META-INF/MANIFEST.MF"):
		if b := s.read(a, f, maxManifest); b != nil && a.manifest == nil {
			a.manifest = parseManifest(b)
		}
	case strings.HasPrefix(name, "META-INF/maven/"):
		s.pomEntry(a, f, strings.Split(name, "/"))
	default:
		if known, _ := archiveName(name); known && f.UncompressedSize64 > 0 {
			a.nested = append(a.nested, f)
		}
	}
	a.boot = a.boot || strings.HasPrefix(name, "BOOT-INF/")
}

// pomEntry reads META-INF/maven/GROUP/ARTIFACT/pom.properties or pom.xml.
func (s *scanner) pomEntry(a *archive, f *zip.File, segs []string) {
	if len(segs) != 5 {
		return
	}
	switch segs[4] {
	case "pom.properties":
		if b := s.read(a, f, maxProperties); b != nil {
			a.pom(segs[2], segs[3]).properties = parseProperties(b)
		}
	case "pom.xml":
		b := s.read(a, f, maxPOM)
		if b == nil {
			return
		}
		x, err := parsePOM(b)
		if err != nil {
			s.gap(a.inside(f), err)
			return
		}
		a.pom(segs[2], segs[3]).xml = x
	}
}

func (a *archive) pom(group, artifact string) *pom {
	dir := group + "/" + artifact
	p := a.poms[dir]
	if p == nil {
		if a.poms == nil {
			a.poms = make(map[string]*pom)
		}
		p = &pom{dirGroup: group, dirArtifact: artifact}
		a.poms[dir] = p
	}
	return p
}

// slashed returns the name of an entry as Java sees it: some tools write
// backslashes, and some a slash at the beginning.
func slashed(name string) string {
	return strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/")
}

// inside returns the location of an entry.
func (a *archive) inside(f *zip.File) string {
	return a.path + "!/" + oneline.Text(slashed(f.Name), maxPath)
}

// read returns the content of an entry of at most max bytes. Failing that it
// records a gap and returns nil.
func (s *scanner) read(a *archive, f *zip.File, max int64) []byte {
	var b bytes.Buffer
	err := s.copy(&b, f, min(max, s.metadata))
	s.metadata -= int64(b.Len())
	if err != nil {
		s.gap(a.inside(f), err)
		return nil
	}
	return b.Bytes()
}

// copy writes the content of an entry to w, within max and what is left of the
// budget. It verifies the entry's length and checksum.
func (s *scanner) copy(w io.Writer, f *zip.File, max int64) error {
	if f.Flags&1 != 0 {
		return fmt.Errorf("entry: %w", detect.ErrEncrypted)
	}
	max = min(max, s.inflated)
	if f.UncompressedSize64 > uint64(max) {
		return &detect.LimitError{Path: "entry", Limit: max, Size: int64(min(f.UncompressedSize64, 1<<62))}
	}
	rc, err := f.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return fmt.Errorf("%w: compression method %d", detect.ErrUnsupported, f.Method)
	}
	if err != nil {
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	defer rc.Close()
	n, err := io.Copy(w, io.LimitReader(rc, max+1))
	s.inflated -= n
	switch {
	case err != nil:
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	case n > max:
		return &detect.LimitError{Path: "entry", Limit: max}
	}
	return nil
}

// open scans the archive in an entry of a.
func (s *scanner) open(a *archive, f *zip.File, r io.ReaderAt) {
	in := &archive{path: a.inside(f), outer: a.key, depth: a.depth + 1}
	in.dir, in.base = path.Split(in.path)
	// Java reads one of several entries of the same name. Which one depends, so
	// all are looked at.
	if s.names[in.path]++; s.names[in.path] > 1 {
		s.gap(in.path, fmt.Errorf("%w: several entries of this name", detect.ErrFormat))
		in.path += fmt.Sprintf("#%d", s.names[in.path])
	}
	in.key = in.path
	if in.depth > s.depth {
		s.gap(in.path, &detect.LimitError{Path: in.path, Limit: int64(s.depth), What: "archives in each other"})
		return
	}
	content, size, held, err := s.content(in, f, r)
	if err == nil {
		err = s.scan(in, content, size)
	}
	s.memory += held
	if err != nil {
		s.gap(in.path, err)
	}
}

// content gives random access to an entry: in place when it is stored, else
// from memory. It sets the digests of the archive.
func (s *scanner) content(in *archive, f *zip.File, r io.ReaderAt) (_ io.ReaderAt, size, held int64, err error) {
	sums := newDigests()
	if f.Method == zip.Store {
		if err := s.copy(sums, f, s.inflated); err != nil {
			return nil, 0, 0, err
		}
		off, err := f.DataOffset()
		if err != nil {
			return nil, 0, 0, fmt.Errorf("%w: %v", detect.ErrFormat, err)
		}
		size = int64(f.UncompressedSize64)
		in.hashes = sums.digests()
		return io.NewSectionReader(r, off, size), size, 0, nil
	}
	var b bytes.Buffer
	if err := s.copy(io.MultiWriter(&b, sums), f, s.memory); err != nil {
		return nil, 0, 0, err
	}
	in.hashes = sums.digests()
	held = int64(b.Cap())
	s.memory -= held
	return bytes.NewReader(b.Bytes()), int64(b.Len()), held, nil
}

// gap records what was not understood at a location.
func (s *scanner) gap(location string, err error) {
	kind := sbom.GapCorrupt
	switch {
	case errors.Is(err, detect.ErrLimit):
		kind = sbom.GapLimit
	case errors.Is(err, detect.ErrEncrypted):
		kind = sbom.GapEncrypted
	case errors.Is(err, detect.ErrUnsupported):
		kind = sbom.GapUnsupported
	}
	s.frag.Gaps = append(s.frag.Gaps, sbom.Gap{Kind: kind, Path: location, Message: oneline.Text(err.Error(), maxPath)})
}

func (s *scanner) incomplete(location, message string) {
	s.frag.Gaps = append(s.frag.Gaps, sbom.Gap{Kind: sbom.GapIncomplete, Path: location, Message: message})
}
