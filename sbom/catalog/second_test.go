package catalog_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// opened is a layer that tells when it is opened.
type opened struct {
	v1.Layer
	tell func()
}

func (o opened) Compressed() (io.ReadCloser, error) {
	o.tell()
	return o.Layer.Compressed()
}

func (o opened) Uncompressed() (io.ReadCloser, error) { return o.Compressed() }

// TestSecondLookCancelled cancels while a layer is read for the second time.
func TestSecondLookCancelled(t *testing.T) {
	layer := layerOf(t,
		member{path: "p.fragment.json", data: `{"components": [{"key": "p", "type": "application", "name": "p", "version": "1"}],
			"claims": [{"key": "p", "path": "opt/p", "digest": "md5:00000000000000000000000000000000"}]}`},
		member{path: "opt/p", mode: 0o755, data: "program"})
	for _, cancelled := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("enough")
		opens := 0
		img := imageOf(t, opened{layer, func() {
			if opens++; opens == 2 && cancelled {
				cancel(cause)
			}
		}})
		opens = 0
		_, err := catalog.Image(ctx, img, &catalog.Options{Detectors: []detect.Detector{literal{}}})
		if opens != 2 {
			t.Errorf("the layer was opened %d times, want twice", opens)
		}
		if cancelled && err != cause || !cancelled && err != nil {
			t.Errorf("cancelled %t: error = %v", cancelled, err)
		}
		cancel(nil)
	}
}

// TestCapabilities follows file capabilities into the inventory, through a cache too.
func TestCapabilities(t *testing.T) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	raw := "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for _, h := range []*tar.Header{
		{Name: "usr/bin/ping", Mode: 0o755, Format: tar.FormatPAX, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": raw}},
		{Name: "usr/bin/link", Typeflag: tar.TypeLink, Linkname: "usr/bin/ping"},
		{Name: "usr/bin/true", Mode: 0o755},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	cache := catalog.NewMemoryCache(1 << 20)
	for _, opts := range []*catalog.Options{nil, {Cache: cache}, {Cache: cache}} {
		inv := mustImage(t, imageOf(t, static.NewLayer(buf.Bytes(), types.OCIUncompressedLayer)), opts)
		got := make(map[string]string)
		for _, f := range inv.Files {
			got[f.Path] = f.Capabilities
		}
		if len(got) != 3 || got["usr/bin/ping"] != "cap_net_raw=ep" || got["usr/bin/link"] != "cap_net_raw=ep" || got["usr/bin/true"] != "" {
			t.Errorf("capabilities %q", got)
		}
	}
}
