package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
)

const (
	maxIndexDepth = 8
	maxManifests  = 10_000 // in an index and all that it refers to
)

// indexSource is an image index, or the index.json of a layout.
type indexSource interface {
	// digest is empty for an index.json, which is no index of an image.
	digest() sbom.Digest
	manifests() []v1.Descriptor
	index(ctx context.Context, d v1.Descriptor) (indexSource, error)
	image(ctx context.Context, d v1.Descriptor) (*imageSource, error)
}

// choice is an image that might be meant.
type choice struct {
	Candidate
	refs  []string
	index sbom.Digest // outermost index that it was found in
	names []sbom.Digest
	open  func(ctx context.Context) (*imageSource, error)
	known bool  // Platform is stated, or was looked up
	err   error // why the look-up failed
}

// choices lists the images of an index and of those in it.
func choices(ctx context.Context, idx indexSource) ([]*choice, error) {
	c := collector{seen: map[sbom.Digest]bool{}}
	if err := c.collect(ctx, idx, &choice{index: idx.digest()}, 0); err != nil {
		return nil, err
	}
	return c.found, nil
}

type collector struct {
	found []*choice
	seen  map[sbom.Digest]bool // indexes on the way down, against cycles and repetition
	count int
}

func (c *collector) collect(ctx context.Context, idx indexSource, from *choice, depth int) error {
	if depth > maxIndexDepth {
		return fmt.Errorf("%w: indexes nested more than %d deep", ErrLimit, maxIndexDepth)
	}
	for _, d := range idx.manifests() {
		if c.count++; c.count > maxManifests {
			return fmt.Errorf("%w: more than %d manifests", ErrLimit, maxManifests)
		}
		if notAnImage(d) {
			continue
		}
		ch := &choice{index: from.index}
		ch.Digest = digestOf(d.Digest)
		ch.refs = append(refsOf(d), from.refs...)
		ch.names = append([]sbom.Digest{ch.Digest}, from.names...)
		if !d.MediaType.IsIndex() {
			ch.Platform = platformOf(d.Platform)
			ch.known = ch.Platform != sbom.Platform{}
			ch.open = func(ctx context.Context) (*imageSource, error) { return idx.image(ctx, d) }
			c.found = append(c.found, ch)
			continue
		}
		if c.seen[ch.Digest] {
			continue
		}
		c.seen[ch.Digest] = true
		sub, err := idx.index(ctx, d)
		if errors.Is(err, ErrMissing) {
			continue // A layout may hold a part of what it refers to.
		}
		if err != nil {
			return err
		}
		if ch.index == "" {
			ch.index = ch.Digest
		}
		if err := c.collect(ctx, sub, ch, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// notAnImage recognises what lies beside images in indexes: attestations of
// BuildKit, signatures of Cosign, artifacts.
func notAnImage(d v1.Descriptor) bool {
	// Some writers, go-containerregistry among them, state an image's config as
	// the artifact type of its descriptor.
	artifact := d.ArtifactType != "" && !types.MediaType(d.ArtifactType).IsConfig()
	if d.Annotations["vnd.docker.reference.type"] == "attestation-manifest" || artifact {
		return true
	}
	if p := d.Platform; p != nil && p.OS == "unknown" && p.Architecture == "unknown" {
		return true
	}
	if kind, ok := strings.CutPrefix(d.Annotations["kind"], "dev.cosignproject.cosign/"); ok {
		return kind != "image" && kind != "imageIndex"
	}
	return d.MediaType != "" && !d.MediaType.IsImage() && !d.MediaType.IsIndex()
}

func refsOf(d v1.Descriptor) []string {
	var refs []string
	for _, key := range []string{"io.containerd.image.name", "org.opencontainers.image.ref.name"} {
		if r := d.Annotations[key]; r != "" {
			refs = append(refs, r)
		}
	}
	return refs
}

// choose finds the one image that the options mean.
func choose(ctx context.Context, all []*choice, o *Options) (*choice, error) {
	fail := &PlatformError{Platform: o.Platform, Ref: o.Ref}
	for _, c := range all {
		if c.Ref == "" && len(c.refs) > 0 {
			c.Ref = c.refs[0]
		}
	}
	some := unique(all, o.Ref)
	if len(some) == 1 && o.Platform == (sbom.Platform{}) {
		return some[0], nil
	}
	some, err := lookUp(ctx, some)
	if err != nil {
		return nil, err
	}
	if len(some) == 1 && o.Platform == (sbom.Platform{}) {
		return some[0], nil
	}
	want := o.Platform
	if want == (sbom.Platform{}) {
		want = sbom.Platform{OS: "linux", Architecture: runtime.GOARCH}
	}
	fit := best(want, slices.DeleteFunc(slices.Clone(some), func(c *choice) bool { return !fits(want, c.Platform) }))
	if len(fit) == 1 {
		return fit[0], nil
	}
	fail.Matching = len(fit)
	for _, list := range [][]*choice{fit, some, unique(all, "")} {
		if len(list) > 0 {
			return nil, fail.with(list)
		}
	}
	return nil, fail
}

// with lists what there is. What could not be read might be what was meant, so
// that is said too.
func (e *PlatformError) with(list []*choice) error {
	var unread error
	for _, c := range list {
		e.Available = append(e.Available, c.Candidate)
		if unread == nil && c.err != nil {
			unread = c.err
		}
	}
	if unread != nil && e.Matching == 0 {
		return fmt.Errorf("%w: %w", e, unread)
	}
	return e
}

// unique returns the choices that ref means, each manifest once.
func unique(all []*choice, ref string) []*choice {
	var some []*choice
	seen := map[sbom.Digest]bool{}
	for _, c := range all {
		if (ref == "" || c.means(ref)) && !seen[c.Digest] {
			seen[c.Digest] = true
			some = append(some, c)
		}
	}
	return some
}

func (c *choice) means(ref string) bool {
	if _, d, ok := strings.Cut(ref, "@"); ok {
		ref = d
	}
	if slices.Contains(c.names, sbom.Digest(strings.ToLower(ref))) {
		return true
	}
	return slices.ContainsFunc(c.refs, func(r string) bool { return r == ref || familiar(r) == familiar(ref) })
}

// familiar is an image name without what Docker leaves out.
func familiar(ref string) string {
	for _, prefix := range []string{"index.docker.io/", "docker.io/"} {
		ref = strings.TrimPrefix(ref, prefix)
	}
	ref = strings.TrimPrefix(ref, "library/")
	if !strings.Contains(ref[strings.LastIndexByte(ref, '/')+1:], ":") {
		ref += ":latest"
	}
	return ref
}

// lookUp completes the platforms that descriptors do not state, and drops what
// turns out to be no image.
func lookUp(ctx context.Context, some []*choice) ([]*choice, error) {
	left := newLookUps()
	var kept []*choice
	for _, c := range some {
		if !c.known {
			c.known = true
			c.Platform, c.err = c.platform(ctx, left)
		}
		if left.exceeded != nil {
			return nil, left.exceeded
		}
		if !errors.Is(c.err, ErrNotImage) {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

func (c *choice) platform(ctx context.Context, left *lookUps) (sbom.Platform, error) {
	src, err := c.open(ctx)
	if err == nil {
		err = src.check()
	}
	if err == nil {
		err = left.take(src.manifest.Config.Size)
	}
	if err != nil {
		return sbom.Platform{}, err
	}
	cf, err := src.readConfig(ctx)
	if err != nil {
		return sbom.Platform{}, err
	}
	return platformOf(cf.Platform()), nil
}

// lookUps bounds what is read to choose an image. Any number of images can have the
// same config, so that a small file can make much to read.
type lookUps struct {
	left     int64
	exceeded error
}

// maxLookUps is a thousand configs of the size that images have, some times over.
const maxLookUps = 64 << 20

func newLookUps() *lookUps { return &lookUps{left: maxLookUps} }

func (l *lookUps) take(size int64) error {
	if l.left -= max(0, size); l.left < 0 && l.exceeded == nil {
		l.exceeded = fmt.Errorf("%w: configs of more than %d bytes to choose an image from", ErrLimit, maxLookUps)
	}
	return l.exceeded
}

// fits reports whether an image for have is what want asks for.
func fits(want, have sbom.Platform) bool {
	want, have = normal(want), normal(have)
	return want.OS == have.OS && want.Architecture == have.Architecture &&
		(want.Variant == "" || want.Variant == have.Variant) &&
		(want.OSVersion == "" || strings.HasPrefix(have.OSVersion, want.OSVersion))
}

// normal spells a platform as Go does, and the variant that every processor of
// the architecture has as none.
func normal(p sbom.Platform) sbom.Platform {
	p.OS = strings.ToLower(p.OS)
	p.Architecture = strings.ToLower(p.Architecture)
	switch p.Architecture {
	case "x86_64", "x86-64":
		p.Architecture = "amd64"
	case "aarch64":
		p.Architecture = "arm64"
	case "i386":
		p.Architecture = "386"
	case "armhf":
		p.Architecture, p.Variant = "arm", "v7"
	}
	if p.Architecture == "amd64" && p.Variant == "v1" || p.Architecture == "arm64" && p.Variant == "v8" {
		p.Variant = ""
	}
	return p
}

// best picks among the variants of one architecture in one index: the one that
// runs everywhere, and for 32-bit ARM the one that containerd picks, v7.
func best(want sbom.Platform, fit []*choice) []*choice {
	if len(fit) < 2 || want.Variant != "" {
		return fit
	}
	for _, c := range fit {
		if c.index != fit[0].index || !slices.Equal(c.refs, fit[0].refs) {
			return fit
		}
	}
	rank := func(c *choice) int {
		p := normal(c.Platform)
		if p.Architecture == "arm" {
			return slices.Index([]string{"v7", "v6", "v5", ""}, p.Variant)
		}
		return len(p.Variant)
	}
	low := slices.MinFunc(fit, func(a, b *choice) int { return cmp.Compare(rank(a), rank(b)) })
	return slices.DeleteFunc(slices.Clone(fit), func(c *choice) bool { return rank(c) != rank(low) })
}

func platformOf(p *v1.Platform) sbom.Platform {
	if p == nil {
		return sbom.Platform{}
	}
	return sbom.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, OSVersion: p.OSVersion}
}
