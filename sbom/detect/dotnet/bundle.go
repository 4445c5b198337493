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

// maxData is the size in bytes of the largest data section that is searched. That of the
// host with the whole runtime in it has 300 kB; this is for the time it takes.
const maxData = 4 << 20

// signature marks the place where the SDK writes into the host what it bundles with
// it: the eight bytes before it are the offset of the header of the bundle, or
// 0 in a host without one.
const signature = "\x8b\x12\x02\xb9\x6a\x61\x20\x38\x72\x7b\x93\x02\x14\xd7\xa0\x32" +
	"\x13\xf5\xb9\xe6\xef\xae\x33\x18\xee\x3b\x2d\xce\x24\xb3\x6a\xae"

// dataSections are where the linkers of the three platforms put the signature.
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

// headerOffset finds the signature and returns the offset before it.
func headerOffset(f *detect.File) (int64, error) {
	for _, name := range dataSections {
		r, err := section.Find(f.ReaderAt, f.Size, name)
		if err != nil || r.Size() > maxData {
			continue
		}
		if offset := marked(r); offset != 0 && offset < uint64(f.Size) {
			return int64(offset), nil
		}
	}
	return 0, errNoBundle
}

// marked returns the number before the signature; 0 if there is none. It reads in
// pieces, each of which begins with the end of the last.
func marked(r io.Reader) uint64 {
	const overlap = 8 + len(signature) - 1
	buf := make([]byte, 32<<10)
	for kept := 0; ; {
		n, err := io.ReadFull(r, buf[kept:])
		if i := bytes.Index(buf[:kept+n], []byte(signature)); i >= 8 {
			return binary.LittleEndian.Uint64(buf[i-8:])
		}
		if err != nil {
			return 0
		}
		kept = copy(buf, buf[len(buf)-overlap:])
	}
}

// bundleHeader reads the header: the versions of the format, the number of files, an
// identifier, and since version 2 the place of the deps.json, which is never
// compressed.
func bundleHeader(f *detect.File, offset int64) (major uint32, at, size int64, err error) {
	const longest = 512
	b := make([]byte, min(longest, f.Size-offset))
	if n, err := f.ReadAt(b, offset); n < len(b) {
		return 0, 0, 0, fmt.Errorf("%w: header of the bundle: %v", detect.ErrFormat, err)
	}
	r := bytes.NewReader(b)
	var fixed struct{ Major, Minor, Files uint32 }
	if err := binary.Read(r, binary.LittleEndian, &fixed); err != nil {
		return 0, 0, 0, fmt.Errorf("%w: header of the bundle", detect.ErrFormat)
	}
	length, err := binary.ReadUvarint(r)
	if err != nil || length > longest {
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
