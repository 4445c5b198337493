package dotnet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/section"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// errNoBundle is the error of a program that is no single-file application.
var errNoBundle = errors.New("no bundle")

const (
	// maxData is how many bytes of data are searched. The host with the whole runtime in
	// it has less than one MiB; this is for the time it takes.
	maxData   = 16 << 20
	maxHeader = 512 // bytes of the header of a bundle

	// What a sieve keeps of lists of libraries, in bytes. The list of an application
	// with 500 libraries has 400 kB.
	keptList     = 512 << 10
	beforeTarget = 64 // of the list, before the words that it is told by
	maxLists     = 4
)

// signature marks the place where the SDK writes into the host what it bundles with
// it: the eight bytes before it are the offset of the header of the bundle, or
// 0 in a host without one.
const signature = "\x8b\x12\x02\xb9\x6a\x61\x20\x38\x72\x7b\x93\x02\x14\xd7\xa0\x32" +
	"\x13\xf5\xb9\xe6\xef\xae\x33\x18\xee\x3b\x2d\xce\x24\xb3\x6a\xae"

// rare is the place in it of a byte that data of programs seldom has.
const rare = 13

// dataSections are where the linkers for Windows and macOS put the signature.
var dataSections = []string{".data", "__data"}

// readBundle reads the deps.json in a single-file application (dotnet/designs, "Single-file
// Publish"; header_fixed_t and header_fixed_v2_t of the host).
func readBundle(f *detect.File) (*detect.Fragment, error) {
	offset, err := headerOffset(f)
	if err != nil {
		return nil, err
	}
	major, at, size, err := bundleHeader(f, offset)
	switch {
	case err != nil:
		return nil, err
	case major < 2:
		return nil, fmt.Errorf("%w: a single-file application of .NET Core 3, which unpacks itself", detect.ErrUnsupported)
	case size == 0:
		return &detect.Fragment{Gaps: []sbom.Gap{statement.Incomplete("", "a single-file application without a list of its libraries")}}, nil
	case size > maxFile:
		return nil, &detect.LimitError{Path: f.Path, Limit: maxFile, Size: size}
	}
	b := make([]byte, size)
	if n, err := f.ReadAt(b, at); n < len(b) {
		return nil, fmt.Errorf("%w: list of libraries: %v", detect.ErrFormat, err)
	}
	p := placeOf(f.Path, ".exe")
	g := &graph{place: p, file: f.Path, digest: f.Digest, left: 1<<19 + 32*f.Size, keys: make(map[string]string), bundle: p.stem + depsSuffix}
	return g.read(b)
}

// part is a part of a file.
type part struct{ off, n int64 }

// dataParts returns where a program has data that it can write: the signature is in it.
func dataParts(f *detect.File) []part {
	var parts []part
	if h, ok := section.ReadELF(f.Head); ok {
		for _, s := range h.Segments(f.ReaderAt) {
			if s.Writable() && s.Off < uint64(f.Size) {
				parts = append(parts, part{int64(s.Off), int64(min(s.Filesz, uint64(f.Size)-s.Off))})
			}
		}
		return parts
	}
	for _, name := range dataSections {
		if r, err := section.Find(f.ReaderAt, f.Size, name); err == nil {
			_, off, n := r.Outer()
			parts = append(parts, part{off, n})
		}
	}
	return parts
}

// headerOffset finds the signature and returns the offset before it.
func headerOffset(f *detect.File) (int64, error) {
	left := int64(maxData)
	for _, p := range dataParts(f) {
		p.n = min(p.n, left)
		left -= p.n
		at := section.Index(f.ReaderAt, signature, p.off, p.n, 1)
		if offset := pointer(f.ReaderAt, at); at >= p.off+8 && offset != 0 && offset < uint64(f.Size) {
			return int64(offset), nil
		}
	}
	return 0, errNoBundle
}

// pointer returns the number before the signature at an offset, 0 if there is none.
func pointer(r io.ReaderAt, at int64) uint64 {
	var b [8]byte
	if at < int64(len(b)) {
		return 0
	}
	if n, _ := r.ReadAt(b[:], at-int64(len(b))); n < len(b) {
		return 0
	}
	return binary.LittleEndian.Uint64(b[:])
}

// sieve returns what keeps of a program that goes by what readBundle reads. Of one
// without a signature that is nothing. The header, which comes last, is where the
// signature says; the deps.json somewhere before, and told by its first words.
func sieve(e *detect.Entry) *section.Sieve {
	lists := 0
	list := section.Word{Text: `"runtimeTarget"`, Found: func(s *section.Sieve, at int64) {
		if lists++; lists <= maxLists {
			s.Keep(at-beforeTarget, at-beforeTarget+keptList)
		}
	}}
	marks := 0
	mark := section.Word{Text: signature, Rare: rare, Found: func(s *section.Sieve, at int64) {
		s.Keep(at-8, at+int64(len(signature)))
		offset := pointer(s, at)
		if offset == 0 || offset >= uint64(e.Size) {
			return
		}
		s.Keep(int64(offset), int64(offset)+maxHeader)
		if marks++; marks == 1 {
			s.Search(list)
		}
	}}
	return section.NewSieve(e.Head, e.Size, section.Plan{Words: []section.Word{mark}})
}

// bundleHeader reads the header: the versions of the format, the number of files, an
// identifier, and since version 2 the place of the deps.json, which is never
// compressed.
func bundleHeader(f *detect.File, offset int64) (major uint32, at, size int64, err error) {
	b := make([]byte, min(maxHeader, f.Size-offset))
	if n, err := f.ReadAt(b, offset); n < len(b) {
		return 0, 0, 0, fmt.Errorf("%w: header of the bundle: %v", detect.ErrFormat, err)
	}
	r := bytes.NewReader(b)
	var fixed struct{ Major, Minor, Files uint32 }
	if err := binary.Read(r, binary.LittleEndian, &fixed); err != nil {
		return 0, 0, 0, fmt.Errorf("%w: header of the bundle", detect.ErrFormat)
	}
	length, err := binary.ReadUvarint(r)
	if err != nil || length > maxHeader {
		return 0, 0, 0, fmt.Errorf("%w: header of the bundle", detect.ErrFormat)
	}
	if fixed.Major < 2 {
		return fixed.Major, 0, 0, nil
	}
	_, _ = r.Seek(int64(length), io.SeekCurrent)
	var deps struct{ Offset, Size int64 }
	if err := binary.Read(r, binary.LittleEndian, &deps); err != nil || deps.Offset < 0 || deps.Size < 0 || deps.Offset > f.Size || deps.Size > f.Size-deps.Offset {
		return 0, 0, 0, fmt.Errorf("%w: the list of libraries lies outside of the file", detect.ErrFormat)
	}
	return fixed.Major, deps.Offset, deps.Size, nil
}
