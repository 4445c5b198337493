package binary_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/fileindex/debian"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/elftest"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// A web server under a name that says nothing, with a library in it.
func ExampleDetector_Identify() {
	file := elftest.File{Text: "\x00nginx version: nginx/1.22.1\x00 inflate 1.2.13 Copyright 1995-2022 Mark Adler \x00"}
	content := file.Bytes()

	d, err := binary.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := d.Identify(context.Background(), "opt/app/server", int64(len(content)), bytes.NewReader(content))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Describe())
	for _, f := range report.Findings {
		fmt.Printf("%s %s: %s, %q\n", f.Relation, f.PURL, f.Rule(), f.Evidence[0].Text)
	}
	// Output:
	// ELF amd64 static program, 2 texts like versions
	// is pkg:generic/nginx@1.22.1: table-self, "nginx version: nginx/1.22.1"
	// contains pkg:generic/zlib@1.2.13: table, "inflate 1.2.13 Copyright 1995-2022 Mark Adler"
}

// A detector that knows files of one's own by their digests, and Debian's by their build-ids, in place
// of the one that package catalog has by default.
func ExampleNew() {
	program := (&elftest.File{Text: "nothing to see"}).Bytes()
	own, err := ownFiles(program)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := binary.New(&binary.Options{Sources: []binary.Source{own, debian.Source()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	detectors := catalog.Detectors()
	for i := range detectors {
		if detectors[i].ID().Name == d.ID().Name {
			detectors[i] = d
		}
	}

	root, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(root)
	if err := os.WriteFile(filepath.Join(root, "server"), program, 0o755); err != nil {
		fmt.Println(err)
		return
	}
	img, err := image.OpenDir(root, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	inv, err := catalog.Image(context.Background(), img, &catalog.Options{Detectors: detectors})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range inv.Components {
		fmt.Println(c.PURL, c.Property("binary:rule"))
	}
	fmt.Println(inv.Files[0].Path, inv.Files[0].State())
	// Output:
	// pkg:generic/acme/reporter@7.1.0 file-digest
	// server identified
}

// ownFiles returns an index that knows one file.
func ownFiles(content []byte) (*fileindex.Index, error) {
	digest := sha256.Sum256(content)
	var b fileindex.Builder
	err := b.Add(&fileindex.Entry{Kind: fileindex.SHA256, ID: digest[:], Record: fileindex.Record{
		Name: "reporter", Version: "7.1.0", PURL: "pkg:generic/acme/reporter@7.1.0"}})
	if err != nil {
		return nil, err
	}
	var written bytes.Buffer
	if _, err := b.WriteTo(&written); err != nil {
		return nil, err
	}
	return fileindex.Open(bytes.NewReader(written.Bytes()), int64(written.Len()))
}

// Products of one's own beside those of the module.
func ExampleOptions() {
	own, err := rules.Read(strings.NewReader(`
		[[product]]
		name = "reporter"
		purl = "generic/acme/reporter"
		self = ["Acme Reporter, build {v}"]
		examples = [{ text = "Acme Reporter, build 7.1.0", version = "7.1.0" }]
		never = ["Acme Reporter, build"]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	table := rules.Load()
	table.Products = append(table.Products, own.Products...)
	d, err := binary.New(&binary.Options{Table: table})
	if err != nil {
		fmt.Println(err)
		return
	}
	program := (&elftest.File{Text: "\x00Acme Reporter, build 7.1.0\x00 inflate 1.2.13 Copyright 1995-2022 Mark Adler \x00"}).Bytes()
	report, err := d.Identify(context.Background(), "server", int64(len(program)), bytes.NewReader(program))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range report.Findings {
		fmt.Println(f.Relation, f.PURL)
	}
	// Output:
	// is pkg:generic/acme/reporter@7.1.0
	// contains pkg:generic/zlib@1.2.13
}
