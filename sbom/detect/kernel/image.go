package kernel

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// detectImage reads the image of a kernel.
func detectImage(ctx context.Context, f *detect.File) (*detect.Fragment, error) {
	banner := bootHeader(f)
	if banner == "" {
		var err error
		if banner, err = search(ctx, f); err != nil {
			return nil, err
		}
	}
	release, _, _ := strings.Cut(banner, " ")
	release = oneline.Token(release, maxValue)
	if release == "" || release[0] < '0' || release[0] > '9' {
		return &detect.Fragment{Gaps: []sbom.Gap{{Kind: sbom.GapUnsupported,
			Message: "a file called like a kernel does not say its version where it is looked for"}}}, nil
	}
	c := detect.Component{Key: f.Path, Aliases: []string{releaseAlias(release)}}
	c.Type = sbom.TypeApplication
	c.Name = "linux-kernel"
	c.Version = release
	c.PURL = sbom.NewPURL("generic", "", c.Name, release, nil)
	c.Hashes = digests(f)
	c.Properties = []sbom.Property{{Name: "kernel:banner", Value: oneline.Text(banner, maxValue)}}
	c.Evidence = []sbom.Evidence{{Field: "version", Technique: sbom.TechniqueBinary, Confidence: 0.9, Value: release}}
	return fragment(c, f.Path), nil
}

func digests(f *detect.File) []sbom.Digest {
	if f.Digest == "" {
		return nil
	}
	return []sbom.Digest{f.Digest}
}

// The header of x86 (Documentation/arch/x86/boot.rst).
const (
	headerMagicAt   = 0x202
	versionAt       = 0x20e // of a string, less 0x200
	versionBase     = 0x200
	headerSize      = 0x210
	maxBootVersion  = 512
	bannerPrefix    = "Linux version "
	maxBanner       = 1024
	searchBlock     = 256 << 10
	gzipMagic       = "\x1f\x8b"
	bootHeaderMagic = "HdrS"
)

// bootHeader returns the version in the header of an image for x86; empty when it is
// none.
func bootHeader(r io.ReaderAt) string {
	var h [headerSize]byte
	if n, _ := r.ReadAt(h[:], 0); n < len(h) || string(h[headerMagicAt:headerMagicAt+4]) != bootHeaderMagic {
		return ""
	}
	at := binary.LittleEndian.Uint16(h[versionAt:])
	if at == 0 {
		return ""
	}
	var s [maxBootVersion]byte
	n, _ := r.ReadAt(s[:], int64(at)+versionBase)
	text, _, ok := bytes.Cut(s[:n], []byte{0})
	if !ok {
		return ""
	}
	return string(text)
}

// search returns what follows "Linux version " in an image; empty when it has no such
// text.
func search(ctx context.Context, f *detect.File) (string, error) {
	r, err := unpacked(f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.Path, err)
	}
	defer r.Close()
	limited := &io.LimitedReader{R: r, N: maxImage}
	buf := make([]byte, 0, searchBlock+maxBanner)
	for {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		n, err := fill(limited, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if banner := findBanner(buf, err != nil); banner != "" {
			return banner, nil
		}
		switch {
		case limited.N <= 0:
			return "", &detect.LimitError{Path: f.Path, Limit: maxImage}
		case err == io.EOF:
			return "", nil
		case err != nil:
			return "", fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
		}
		keep := min(len(buf), maxBanner)
		buf = buf[:copy(buf, buf[len(buf)-keep:])]
	}
}

// fill reads until p is full. Unlike io.ReadFull, it leaves the error as it is, so that a
// stream that was cut off is told from one that ends.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = r.Read(p[n:])
		n += m
	}
	return n, err
}

// unpacked returns the kernel in an image: the image itself, what gzip made of it, or the
// payload of one that unpacks itself for EFI, which names offset, size and
// compression (drivers/firmware/efi/libstub/zboot-header.S).
func unpacked(f *detect.File) (io.ReadCloser, error) {
	r, how := f.Reader(), ""
	switch head := f.Head; {
	case len(head) >= 2 && string(head[:2]) == gzipMagic:
		how = "gzip"
	case len(head) >= 32 && string(head[:2]) == "MZ" && string(head[4:8]) == "zimg":
		offset, size := binary.LittleEndian.Uint32(head[8:]), binary.LittleEndian.Uint32(head[12:])
		r = io.NewSectionReader(f, int64(offset), int64(size))
		text, _, _ := bytes.Cut(head[24:32], []byte{0})
		how = string(text)
	}
	switch how {
	case "":
		return io.NopCloser(r), nil
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", detect.ErrFormat, err)
		}
		return z, nil
	case "zstd", "zstd22":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxImage), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", detect.ErrFormat, err)
		}
		return z.IOReadCloser(), nil
	}
	return nil, fmt.Errorf("%w: a kernel compressed with %q", detect.ErrUnsupported, how)
}

// findBanner returns the banner in a block; one that may go on behind it counts only in
// the last block.
func findBanner(block []byte, last bool) string {
	for {
		_, rest, ok := bytes.Cut(block, []byte(bannerPrefix))
		if !ok || !last && len(rest) < maxBanner-len(bannerPrefix) {
			return ""
		}
		if len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' { // and not the format "%s"
			end := bytes.IndexAny(rest[:min(len(rest), maxBanner)], "\x00\n")
			if end < 0 {
				end = min(len(rest), maxBanner)
			}
			return string(rest[:end])
		}
		block = rest
	}
}
