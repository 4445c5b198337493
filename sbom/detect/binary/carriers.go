package binary

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/appended"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/asar"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/jvm"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// carrier reads a file that is no linked program and has programs or packages in it.
type carrier func(ctx context.Context, d *Detector, f *detect.File) (*detect.Fragment, error)

// carrierOf returns what reads a file, nil if it is none of those.
func carrierOf(e *detect.Entry) carrier {
	switch {
	case jvm.Is(e.Path, e.Head) && !program(e.Head):
		return runtimeOfJava
	case path.Ext(e.Path) == ".asar" && asar.Is(e.Head):
		return carried(asar.Read)
	case pythonZip(e):
		return carried(appended.Read)
	}
	return nil
}

// pythonZip reports whether a file is a zip file behind a first line for Python (PEP 441),
// under a name that package python does not know such files by.
func pythonZip(e *detect.Entry) bool {
	line, rest, ok := bytes.Cut(e.Head, []byte("\n"))
	ext := path.Ext(e.Path)
	return ok && bytes.HasPrefix(line, []byte("#!")) && bytes.Contains(line, []byte("python")) && bytes.HasPrefix(rest, []byte("PK\x03\x04")) && ext != ".pyz" && ext != ".pex"
}

// carried returns what reads the packages of a file, and the programs in it.
func carried(read func(payload.Source) *payload.Payload) carrier {
	return func(ctx context.Context, d *Detector, f *detect.File) (*detect.Fragment, error) {
		p := read(payload.Source{ReaderAt: f.ReaderAt, Size: f.Size})
		r := &Report{Format: p.Kind}
		r.add(p)
		newReading(d, f.Path, f.Size, f.ReaderAt).programs(ctx, r, p)
		r.sort()
		return fragment(f, r), nil
	}
}

// runtimeOfJava reads what a runtime says of itself. All that is in its directory is its own.
func runtimeOfJava(_ context.Context, _ *Detector, f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(jvm.MaxFile)
	if err != nil {
		return nil, err
	}
	r, err := jvm.Read(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	c := sbom.Component{Type: sbom.TypeApplication, Name: "openjdk", Version: r.Feature, Supplier: r.Implementor}
	if name := cpe("oracle:openjdk", r.Feature); name != "" {
		c.CPEs = []string{name}
	}
	if r.GraalVM != "" {
		c.Name, c.Version, c.CPEs = "graalvm", r.GraalVM, nil
	}
	c.PURL = sbom.NewPURL("generic", "", c.Name, c.Version, nil)
	c.Evidence = statement.Manifest(0.98, c.Name, c.Version)
	for _, p := range []struct{ name, value string }{{"version", r.Version}, {"build", r.Build}, {"kind", r.Kind}, {"modules", strings.Join(r.Modules, " ")}} {
		c.Properties = statement.Property(c.Properties, "java:"+p.name, oneline.Text(p.value, statement.MaxText))
	}
	if r.Source != "" {
		c.References = []sbom.Reference{{Type: "vcs", URL: r.Source}}
	}
	frag := &detect.Fragment{Components: []detect.Component{{Component: c, Key: f.Path}}}
	claim := detect.Claim{Key: f.Path, Path: path.Dir(f.Path), Ground: sbom.ClaimDirectory, Tree: true}
	if claim.Path == "." {
		claim.Path, claim.Ground, claim.Tree = f.Path, sbom.ClaimContent, false
	}
	frag.Claims = []detect.Claim{claim}
	return frag, nil
}
