package npm

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
)

// maxCacheTail is how much of the end of a file in Deno's cache is read: the line
// with its headers and its address.
const maxCacheTail = 16 << 10

// readJSR reads one of the files that Deno keeps of JSR, under the digest of its
// address; a last line has the address. One file of each version of a package is
// its manifest, /@scope/name/VERSION_meta.json; that one stands for the package.
func readJSR(f *detect.File) (*detect.Fragment, error) {
	tail := make([]byte, min(f.Size, maxCacheTail))
	if n, err := f.ReadAt(tail, f.Size-int64(len(tail))); n < len(tail) {
		return nil, err
	}
	_, line, ok := bytes.Cut(tail, []byte("\n// denoCacheMetadata="))
	var meta struct {
		URL string `json:"url"`
	}
	if !ok || json.Unmarshal(line, &meta) != nil {
		return nil, nil // Of another release of Deno, or cut off by its length.
	}
	at, ok := strings.CutPrefix(meta.URL, "https://jsr.io/")
	if !ok {
		return nil, nil
	}
	at, ok = strings.CutSuffix(at, "_meta.json")
	i := strings.LastIndexByte(at, '/')
	if !ok || i < 0 {
		return nil, nil
	}
	c, ok := node.JSR(at[:i], at[i+1:])
	if !ok {
		return nil, nil
	}
	c.Type = sbom.TypeLibrary
	for _, e := range []struct{ field, value string }{{"name", at[:i]}, {"version", c.Version}} {
		c.Evidence = append(c.Evidence, sbom.Evidence{Field: e.field, Technique: sbom.TechniqueManifest, Confidence: 1, Value: e.value})
	}
	return &detect.Fragment{Components: []detect.Component{{Component: c, Key: "jsr " + at[:i] + " " + c.Version}}}, nil
}
