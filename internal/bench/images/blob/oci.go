package blob

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func hexOf(sum []byte) string { return hex.EncodeToString(sum) }

// Config returns the image configuration of the layers, for linux/amd64.
func Config(layers []*Layer) *v1.ConfigFile {
	c := &v1.ConfigFile{
		Architecture: "amd64", OS: "linux",
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{Cmd: []string{"/bin/sh"}, Env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
	}
	for _, l := range layers {
		c.RootFS.DiffIDs = append(c.RootFS.DiffIDs, l.DiffID)
		c.History = append(c.History, v1.History{CreatedBy: l.Name})
	}
	// As every Dockerfile ends: a step that makes no layer.
	c.History = append(c.History, v1.History{CreatedBy: `CMD ["/bin/sh"]`, EmptyLayer: true})
	return c
}

// WriteOCI writes an OCI layout of the gzip layers to dir, which must not exist.
func WriteOCI(dir, name string, layers []*Layer) error {
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return err
	}
	put := func(v any, mediaType types.MediaType) (v1.Descriptor, error) {
		data, err := json.Marshal(v)
		if err != nil {
			return v1.Descriptor{}, err
		}
		hash, size, err := v1.SHA256(bytes.NewReader(data))
		if err != nil {
			return v1.Descriptor{}, err
		}
		return v1.Descriptor{MediaType: mediaType, Size: size, Digest: hash}, os.WriteFile(filepath.Join(blobs, hash.Hex), data, 0o644)
	}
	config, err := put(Config(layers), types.OCIConfigJSON)
	if err != nil {
		return err
	}
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config}
	for _, l := range layers {
		if err := linkOrCopy(l.Gzip, filepath.Join(blobs, l.Digest.Hex)); err != nil {
			return err
		}
		manifest.Layers = append(manifest.Layers, v1.Descriptor{MediaType: types.OCILayer, Size: l.GzipSize, Digest: l.Digest})
	}
	desc, err := put(manifest, types.OCIManifestSchema1)
	if err != nil {
		return err
	}
	desc.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
	desc.Annotations = map[string]string{"org.opencontainers.image.ref.name": name}
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{desc}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)
}

// linkOrCopy shares the file where the file system can.
func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	_, _, err = create(to, func(w io.Writer) error {
		_, err := io.Copy(w, src)
		return err
	})
	return err
}

func digestHex(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		io.WriteString(h, p)
	}
	return hexOf(h.Sum(nil))
}
