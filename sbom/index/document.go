package index

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

// Document is one of the documents of an index.
type Document struct {
	// Subject is what it describes: an image, or in the last one the index.
	Subject sbom.Subject
	// Data is the document.
	Data []byte
	// Losses are what it does not say of the inventory that it was made from.
	Losses []sbom.Loss
}

// CycloneDX yields a CycloneDX document for each image that was read, in their order, and
// at last that of the index, which links to them. An error ends it. opts may be nil.
// One document is in memory at a time. The same index and options give the same bytes.
func (x *Index) CycloneDX(opts *cyclonedx.Options) iter.Seq2[*Document, error] {
	return x.documents(bomLink, func(w io.Writer, inv *sbom.Inventory) ([]sbom.Loss, error) {
		return cyclonedx.Encode(w, inv, opts)
	})
}

// SPDX yields SPDX documents, like [Index.CycloneDX].
func (x *Index) SPDX(opts *spdx.Options) iter.Seq2[*Document, error] {
	prefix := "https://github.com/imagetrust/imagetrust/spdx/" // As package spdx documents.
	if opts != nil && opts.Namespace != "" {
		prefix = opts.Namespace
	}
	link := func(data []byte) string { return namespace(data, prefix) }
	return x.documents(link, func(w io.Writer, inv *sbom.Inventory) ([]sbom.Loss, error) {
		return spdx.Encode(w, inv, opts)
	})
}

func (x *Index) documents(link func(data []byte) string, encode func(io.Writer, *sbom.Inventory) ([]sbom.Loss, error)) iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		links := make(map[int]sbom.Reference)
		for i := range x.Images {
			img := &x.Images[i]
			if img.Inventory == nil {
				continue
			}
			d, err := encoded(img.Inventory, encode)
			if err != nil {
				yield(nil, err)
				return
			}
			links[i] = sbom.Reference{
				Type: "bom", URL: link(d.Data), Comment: "inventory of " + img.Subject.Platform.String(),
				Hashes: []sbom.Digest{sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256(d.Data)))},
			}
			if !yield(d, nil) {
				return
			}
		}
		yield(encoded(x.outline(links), encode))
	}
}

func encoded(inv *sbom.Inventory, encode func(io.Writer, *sbom.Inventory) ([]sbom.Loss, error)) (*Document, error) {
	var b bytes.Buffer
	losses, err := encode(&b, inv)
	if err != nil {
		return nil, fmt.Errorf("index: document of %s: %w", inv.Subject.Platform, err)
	}
	return &Document{Subject: inv.Subject, Data: b.Bytes(), Losses: losses}, nil
}

// bomLink returns the BOM-Link of a CycloneDX document (CycloneDX, "BOM-Link"), made of
// the serial number that package cyclonedx wrote.
func bomLink(data []byte) string {
	_, rest, _ := bytes.Cut(data, []byte("serialNumber"))
	_, rest, ok := bytes.Cut(rest, []byte("urn:uuid:"))
	const uuid = 36 // bytes
	if ok && len(rest) >= uuid {
		return "urn:cdx:" + string(rest[:uuid]) + "/1"
	}
	return ""
}

// namespace returns the document's namespace that package spdx wrote.
func namespace(data []byte, prefix string) string {
	i := bytes.Index(data, []byte(prefix))
	if i < 0 {
		return ""
	}
	rest := string(data[i:min(len(data), i+len(prefix)+64)])
	if end := strings.IndexAny(rest, "\"#<> \r\n"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}
