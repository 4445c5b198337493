package image

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
)

const (
	maxManifestBytes = 4 << 20 // what registries accept
	maxConfigBytes   = 8 << 20
	maxLayers        = 10_000
)

// imageSource is an image before it is opened, however it is stored.
type imageSource struct {
	subject  sbom.Subject
	manifest *v1.Manifest
	// read returns a blob that the manifest refers to, the config or a layer.
	read func(d v1.Descriptor) (*blob, error)
}

// parseManifest makes an imageSource of the bytes that d refers to.
func parseManifest(raw []byte, d v1.Descriptor, read func(v1.Descriptor) (*blob, error)) (*imageSource, error) {
	size := d.Size
	if size == 0 {
		size = -1
	}
	if err := verify("manifest", raw, digestOf(d.Digest), size); err != nil {
		return nil, err
	}
	if err := checkJSON("manifest", raw, maxManifestBytes); err != nil {
		return nil, err
	}
	m, err := v1.ParseManifest(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("manifest %s: %w: %w", d.Digest, ErrCorrupt, err)
	}
	if m.MediaType.IsIndex() {
		return nil, fmt.Errorf("manifest %s: %w: it says that it is an index", d.Digest, ErrCorrupt)
	}
	if hasMember(raw, "manifests") {
		return nil, fmt.Errorf("manifest %s: %w: it is also an index", d.Digest, ErrCorrupt)
	}
	s := &imageSource{manifest: m, read: read}
	s.subject.Digest = digestOf(d.Digest)
	s.subject.Config = digestOf(m.Config.Digest)
	if s.subject.MediaType = string(m.MediaType); s.subject.MediaType == "" {
		s.subject.MediaType = string(d.MediaType)
	}
	return s, nil
}

// hasMember reports whether an object has one of the members, as encoding/json
// finds them. Bytes that could be read as a manifest and as an index have two
// meanings under one digest, and are refused (OCI image specification, CVE-2021-41190).
func hasMember(raw []byte, names ...string) bool {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members) // parsed before
	for name, value := range members {
		same := func(n string) bool { return strings.EqualFold(n, name) }
		if slices.ContainsFunc(names, same) && string(value) != "null" {
			return true
		}
	}
	return false
}

// check tells images from artifacts.
func (s *imageSource) check() error {
	m := s.manifest
	if m.Config.MediaType.IsConfig() && m.ArtifactType == "" && !foreignContent(m.Layers) {
		return nil
	}
	what := m.ArtifactType
	if what == "" {
		what = string(m.Config.MediaType)
	}
	if m.Config.MediaType.IsConfig() && len(m.Layers) > 0 {
		what = string(m.Layers[0].MediaType)
	}
	return fmt.Errorf("%w (%s)", ErrNotImage, what)
}

// foreignContent reports whether no layer is a tar stream, as in signatures that
// are stored as if they were images.
func foreignContent(layers []v1.Descriptor) bool {
	for _, l := range layers {
		if l.MediaType == "" || strings.Contains(string(l.MediaType), "tar") {
			return false
		}
	}
	return len(layers) > 0
}

func (s *imageSource) readConfig(ctx context.Context) (*v1.ConfigFile, error) {
	d := s.manifest.Config
	b, err := s.read(d)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if b.size >= 0 && b.size != d.Size {
		return nil, &DigestError{What: "config", Want: digestOf(d.Digest), WantSize: d.Size, GotSize: b.size}
	}
	raw, err := b.readAll(ctx, "config", maxConfigBytes)
	if err != nil {
		return nil, err
	}
	if err := verify("config", raw, digestOf(d.Digest), d.Size); err != nil {
		return nil, err
	}
	return parseConfig(raw)
}

func parseConfig(raw []byte) (*v1.ConfigFile, error) {
	if err := checkJSON("config", raw, maxConfigBytes); err != nil {
		return nil, err
	}
	cf := new(v1.ConfigFile)
	if err := json.Unmarshal(raw, cf); err != nil {
		return nil, fmt.Errorf("config: %w: %w", ErrCorrupt, err)
	}
	return cf, nil
}

// assemble makes the Image.
func (s *imageSource) assemble(ctx context.Context, o *Options) (*Image, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := checkLayers(len(s.manifest.Layers)); err != nil {
		return nil, err
	}
	cf, err := s.readConfig(ctx)
	if err != nil {
		return nil, err
	}
	img := &Image{subject: s.subject, config: cf, opts: o, annotations: s.manifest.Annotations}
	img.subject.Platform = platformOf(cf.Platform())
	layers := make([]*Layer, len(s.manifest.Layers))
	for i, d := range s.manifest.Layers {
		layers[i] = s.layer(d)
	}
	if err := img.setLayers(layers, cf); err != nil {
		return nil, err
	}
	return img, nil
}

func (s *imageSource) layer(d v1.Descriptor) *Layer {
	l := &Layer{info: sbom.Layer{Digest: digestOf(d.Digest), Size: d.Size, MediaType: string(d.MediaType)}}
	if strings.HasSuffix(string(d.MediaType), "+encrypted") {
		l.unreadable = ErrEncrypted
		return l
	}
	b, err := s.read(d)
	if err != nil {
		l.unreadable = missing(d.MediaType, err)
		return l
	}
	known := *b
	known.size = d.Size // What the manifest says is what is verified.
	if !d.MediaType.IsDistributable() {
		open := b.open
		known.open = func(ctx context.Context) (rc io.ReadCloser, err error) {
			if rc, err = open(ctx); err != nil && ctx.Err() == nil {
				err = fmt.Errorf("%w: %w", ErrForeign, err)
			}
			return rc, err
		}
	}
	l.blob = &known
	return l
}

func missing(mt types.MediaType, err error) error {
	if !mt.IsDistributable() {
		return fmt.Errorf("%w: %w", ErrForeign, err)
	}
	return err
}

// checkLayers is called before anything is made for a layer.
func checkLayers(n int) error {
	if n > maxLayers {
		return fmt.Errorf("%w: %d layers, at most %d", ErrLimit, n, maxLayers)
	}
	return nil
}

// setLayers completes the layers with what the config says about them.
func (i *Image) setLayers(layers []*Layer, cf *v1.ConfigFile) error {
	diffIDs := cf.RootFS.DiffIDs
	if len(diffIDs) != len(layers) {
		return fmt.Errorf("%w: %d and %d", ErrMismatch, len(diffIDs), len(layers))
	}
	history := layerHistory(cf.History)
	for n, l := range layers {
		l.opts = i.opts
		l.info.Index = n
		l.info.DiffID = digestOf(diffIDs[n])
		if n < len(history) {
			l.info.CreatedBy = history[n].CreatedBy
			l.info.Created = history[n].Created.UTC()
		}
		if l.blob != nil {
			l.tar = &seekStream{open: l.openTar}
			i.closers = append(i.closers, l.tar.close)
		}
	}
	i.layers = layers
	return nil
}

// layerHistory returns the entries of the history that made layers. Histories
// may be short or too long; like BuildKit, the oldest entries are taken for the
// oldest layers, so that only what was added without a history lacks one.
func layerHistory(history []v1.History) []v1.History {
	var made []v1.History
	for _, h := range history {
		if !h.EmptyLayer {
			made = append(made, h)
		}
	}
	return made
}
