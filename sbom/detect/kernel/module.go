package kernel

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/internal/xz"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
)

// detectModule reads a module.
func detectModule(f *detect.File) (*detect.Fragment, error) {
	r, err := uncompressed(f)
	if err != nil {
		return nil, err
	}
	limited := readlimit.New(r, f.Path, maxTables)
	text, machine, err := modinfo(limited)
	if lim := limited.Err(); lim != nil {
		return nil, lim
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	if text == "" {
		return nil, nil // An ELF file that is called .ko, such as a compiled translation.
	}
	return module(f.Path, parse(text), machine), nil
}

// uncompressed returns the module itself.
func uncompressed(f *detect.File) (io.ReaderAt, error) {
	var r io.Reader
	switch path.Ext(f.Path) {
	case ".ko":
		return f, nil
	case ".xz":
		return unxz(f)
	case ".gz":
		z, err := gzip.NewReader(f.Reader())
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
		}
		r = z
	default:
		z, err := zstd.NewReader(f.Reader(), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxModule), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
		}
		defer z.Close()
		r = z
	}
	data, err := io.ReadAll(io.LimitReader(r, maxModule+1))
	switch {
	case len(data) > maxModule, errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, &detect.LimitError{Path: f.Path, Limit: maxModule}
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	return bytes.NewReader(data), nil
}

func unxz(f *detect.File) (io.ReaderAt, error) {
	packed, err := ospkg.Bytes(f, maxModule)
	if err != nil {
		return nil, err
	}
	data, err := xz.Decompress(packed, maxModule)
	switch {
	case errors.Is(err, xz.ErrLimit):
		return nil, &detect.LimitError{Path: f.Path, Limit: maxModule}
	case errors.Is(err, xz.ErrUnsupported):
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrUnsupported, err)
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	return bytes.NewReader(data), nil
}

// modinfo returns the section .modinfo of a module; empty when there is none.
func modinfo(r io.ReaderAt) (text, machine string, err error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return "", "", err
	}
	s := f.Section(".modinfo")
	if s == nil {
		return "", "", nil
	}
	if s.Type == elf.SHT_NOBITS || s.Size > maxInfo || s.Flags&elf.SHF_COMPRESSED != 0 {
		return "", "", fmt.Errorf("section .modinfo of %d bytes, type %v", s.Size, s.Type)
	}
	data, err := s.Data()
	return string(data), strings.ToLower(strings.TrimPrefix(f.Machine.String(), "EM_")), err
}

// parse returns the first value of each name in "name=value" strings, which NUL ends.
func parse(text string) map[string]string {
	info := make(map[string]string)
	for s := range strings.SplitSeq(text, "\x00") {
		name, value, ok := strings.Cut(s, "=")
		if _, dup := info[name]; ok && !dup {
			info[name] = value
		}
	}
	return info
}

// module returns what a module says.
func module(at string, info map[string]string, machine string) *detect.Fragment {
	name := oneline.Token(info["name"], maxValue)
	if name == "" {
		// Kernels before 4.13 leave it to the name of the file.
		base, _, _ := strings.Cut(path.Base(at), ".ko")
		name = strings.ReplaceAll(oneline.Token(base, maxValue), "-", "_")
	}
	release, _, _ := strings.Cut(info["vermagic"], " ")
	release = oneline.Token(release, maxValue)
	c := detect.Component{Key: at}
	intree := info["intree"] == "Y"
	c.Version = oneline.Token(info["version"], maxValue)
	if intree || c.Version == "" {
		c.Version = release
	}
	if intree {
		c.Scope = sbom.ScopeBundled
	}
	c.Type = sbom.TypeLibrary
	c.Name = name
	c.Architecture = machine
	c.PURL = sbom.NewPURL("generic", "linux-kernel-module", name, c.Version, nil)
	c.Supplier = oneline.Text(info["author"], maxValue)
	c.Description = oneline.Text(info["description"], maxValue)
	c.Licenses = licenses(info["license"], at)
	c.Properties = properties(info, release)
	c.Evidence = []sbom.Evidence{{Field: "purl", Technique: sbom.TechniqueBinary, Confidence: 0.9, Value: c.PURL}}
	frag := fragment(c, at)
	if release == "" {
		frag.Gaps = []sbom.Gap{{Kind: sbom.GapIncomplete, Component: at,
			Message: fmt.Sprintf("kernel module %s does not say which kernel it is for", name)}}
	} else if intree {
		frag.Relations = []detect.Relation{{From: releaseAlias(release), To: at, Type: sbom.Contains}}
	}
	return frag
}

// properties returns the facts that have no place in sbom.Component. Whether a module is
// signed is not said in .modinfo, and not told here.
func properties(info map[string]string, release string) []sbom.Property {
	var props []sbom.Property
	add := func(name, value string) {
		if value = oneline.Text(value, maxValue); value != "" {
			props = append(props, sbom.Property{Name: "kernel:" + name, Value: value})
		}
	}
	add("depends", info["depends"])
	add("intree", info["intree"])
	add("release", release)
	add("srcversion", info["srcversion"])
	add("version", info["version"])
	return props
}

// licenses returns the licence of a module, in the kernel's own words (Documentation/
// process/license-rules.rst): "GPL" and "GPL v2" both leave open whether any later
// version will do.
func licenses(text, at string) []sbom.License {
	if text = oneline.Text(text, maxValue); text == "" {
		return nil
	}
	l := sbom.License{Location: at, Name: text}
	if expr, ok := spdxexpr.FromText(text); ok && !strings.HasPrefix(text, "GPL") {
		l.Expression = expr
		if expr == text {
			l.Name = ""
		}
	}
	return []sbom.License{l}
}
