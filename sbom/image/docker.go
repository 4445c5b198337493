package image

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
)

// dockerImage is one element of a docker-archive's manifest.json.
type dockerImage struct {
	Config   string
	RepoTags []string
	Layers   []string
	// LayerSources describes layers that are not in the archive, by diffID.
	LayerSources map[string]v1.Descriptor
}

// openDocker opens the image of a docker-archive that the options mean. Such an
// archive has no manifest of the image as it was pulled or will be pushed, so
// the subject has no digest but the config's.
func openDocker(ctx context.Context, a *archive, o *Options) (*Image, error) {
	all, images, err := dockerChoices(ctx, a, o)
	if err != nil {
		return nil, err
	}
	c, err := choose(ctx, all, o)
	if err != nil {
		return nil, err
	}
	images[c].subject.Name = o.Name
	return images[c], nil
}

// dockerChoices assembles all images of a docker-archive, which costs their configs.
func dockerChoices(ctx context.Context, a *archive, o *Options) ([]*choice, map[*choice]*Image, error) {
	raw, err := readNamed(ctx, a, "manifest.json", maxManifestBytes)
	if err != nil {
		return nil, nil, err
	}
	if err := checkJSON("manifest.json", raw, maxManifestBytes); err != nil {
		return nil, nil, err
	}
	var list []dockerImage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, nil, fmt.Errorf("manifest.json: %w: %w", ErrCorrupt, err)
	}
	if len(list) > maxManifests {
		return nil, nil, fmt.Errorf("manifest.json: %w: more than %d images", ErrLimit, maxManifests)
	}
	all := make([]*choice, len(list))
	images := make(map[*choice]*Image, len(list))
	left := newLookUps()
	for n, d := range list {
		if b, err := a.blob(d.Config); err == nil {
			if err := left.take(b.size); err != nil {
				return nil, nil, err
			}
		}
		img, err := d.assemble(ctx, a, o)
		if err != nil {
			return nil, nil, fmt.Errorf("manifest.json: image %d: %w", n, err)
		}
		c := &choice{refs: d.RepoTags, known: true, names: []sbom.Digest{img.subject.Config}}
		c.Digest, c.Platform = img.subject.Config, img.subject.Platform
		all[n], images[c] = c, img
	}
	return all, images, nil
}

func (d *dockerImage) assemble(ctx context.Context, a *archive, o *Options) (*Image, error) {
	if err := checkLayers(len(d.Layers)); err != nil {
		return nil, err
	}
	raw, err := readNamed(ctx, a, d.Config, maxConfigBytes)
	if err != nil {
		return nil, err
	}
	id := sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256(raw)))
	if want := digestInName(d.Config); want != "" && want != id {
		return nil, &DigestError{What: "config", Want: want, Got: id}
	}
	cf, err := parseConfig(raw)
	if err != nil {
		return nil, err
	}
	img := &Image{config: cf, opts: o}
	img.subject.Config = id
	img.subject.Platform = platformOf(cf.Platform())
	layers := make([]*Layer, len(d.Layers))
	for n, name := range d.Layers {
		layers[n] = dockerLayer(a, name)
	}
	if err := img.setLayers(layers, cf); err != nil {
		return nil, err
	}
	for _, l := range img.layers {
		d.complete(l)
	}
	return img, nil
}

// dockerLayer finds a layer. Docker writes layers uncompressed, others compress
// them, and nothing says so.
func dockerLayer(a *archive, name string) *Layer {
	b, err := a.blob(name)
	if err != nil {
		return &Layer{unreadable: err}
	}
	l := &Layer{blob: b, info: sbom.Layer{Size: b.size, MediaType: string(types.DockerUncompressedLayer)}}
	switch kind, _ := sniffBytes(b.head); kind {
	case Gzip:
		l.info.MediaType = string(types.DockerLayer)
	case Zstd:
		l.info.MediaType = string(types.OCILayerZStd)
	}
	return l
}

// complete sets the digest, where it is known, and says why a layer is missing.
func (d *dockerImage) complete(l *Layer) {
	src, described := d.LayerSources[string(l.info.DiffID)]
	switch {
	case l.blob == nil && described:
		l.info.Digest, l.info.Size, l.info.MediaType = digestOf(src.Digest), src.Size, string(src.MediaType)
		l.unreadable = missing(src.MediaType, l.unreadable)
	case l.info.MediaType == string(types.DockerUncompressedLayer):
		l.info.Digest = l.info.DiffID
	}
}

// digestInName returns the digest that the name of a config states: it is
// "HEX.json", "sha256:HEX" or "blobs/sha256/HEX".
func digestInName(name string) sbom.Digest {
	base := strings.TrimSuffix(path.Base(name), ".json")
	d, err := sbom.ParseDigest("sha256:" + strings.TrimPrefix(base, "sha256:"))
	if err != nil {
		return ""
	}
	return d
}
