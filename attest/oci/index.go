package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/attest"
)

const (
	// maxIndexDepth bounds indexes within indexes, maxIndexes their number.
	maxIndexDepth = 4
	maxIndexes    = 64
	// imagesAtOnce is the number of images that are searched at one time.
	imagesAtOnce = 4

	defaultMaxImages = 64
)

// IndexOptions adjust VerifyIndex. The zero value, and nil, ask every image.
type IndexOptions struct {
	// Options are for each image, and for all together as far as bytes and requests
	// are concerned.
	Options
	// Platforms select images: "os/architecture" or "os/architecture/variant". All
	// if empty. One that the index does not have is an ErrNotFound. Images of which the
	// index does not say the platform are asked for in any case, because a runtime might
	// start them.
	Platforms []string
	// MaxImages is the number of images above which an index is refused with
	// ErrLimit, 64 if zero.
	MaxImages int
}

// IndexResult says what an index and its images have.
type IndexResult struct {
	// Index is the index, resolved, or the image if there is no index.
	Index attest.Digest
	// Own is about the index itself, nil if Index is an image. Its statements are
	// not about the images: whoever wants them to stand for these says so in his
	// own code.
	Own *Result
	// Images are those that were asked for, in the order of the index.
	Images []ImageResult
}

// ImageResult says what one image of an index has.
type ImageResult struct {
	// Image is its digest, Platform what the index says that it is for.
	Image    attest.Digest
	Platform Platform
	// Result is about this image alone; nil if it could not be had.
	Result *Result
	// Err is an ErrNoneVerified or one of reaching the target, nil if something
	// was verified.
	Err error
}

// VerifyIndex is [Verify] for an index, its images or those of some platforms, and
// BuildKit's unsigned statements about them. If subject, or what t names, is an image,
// that is the only one.
//
// It returns an error unless each image that was asked for has a verified statement
// of its own. The result comes also with an [*IndexError], which says who has
// what. Other errors are of reading the index.
func VerifyIndex(ctx context.Context, t Target, subject attest.Digest, v attest.Verifier, opts *IndexOptions) (*IndexResult, error) {
	var o IndexOptions
	if opts != nil {
		o = *opts
	}
	if v == nil {
		return nil, errNoVerifier
	}
	orDefault(&o.MaxImages, defaultMaxImages)
	subject, err := subjectOf(ctx, t, subject)
	if err != nil {
		return nil, err
	}
	if l, ok := t.(*LayoutTarget); ok {
		t = &LayoutTarget{l.dir, newLayoutMemo()}
	}
	w := newIndexWalk(t)
	if err := w.root(ctx, subject); err != nil {
		return nil, err
	}
	images, err := w.selected(&o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", subject, err)
	}
	r := &IndexResult{Index: subject, Images: images}
	if err := r.verify(ctx, w, v, o.withDefaults()); err != nil {
		return nil, err
	}
	for _, image := range r.Images {
		if image.Err != nil {
			return r, &IndexError{r}
		}
	}
	return r, nil
}

// verify asks the index and its images, some at a time.
func (r *IndexResult) verify(ctx context.Context, w *indexWalk, v attest.Verifier, opts *Options) error {
	opts.Parallel = max(1, opts.Parallel/imagesAtOnce)
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(imagesAtOnce)
	if w.isIndex {
		group.Go(func() (err error) {
			r.Own, err = verify(groupCtx, w.target, r.Index, v, opts, nil)
			if errors.Is(err, ErrNoneVerified) {
				return nil
			}
			return err
		})
	}
	for i := range r.Images {
		image := &r.Images[i]
		group.Go(func() error {
			image.Result, image.Err = verify(groupCtx, w.target, image.Image, v, opts, w.statements[image.Image])
			return groupCtx.Err()
		})
	}
	return group.Wait()
}

// indexWalk collects the images of an index.
type indexWalk struct {
	target     Target
	isIndex    bool
	images     []ImageResult
	statements map[attest.Digest][]candidate // BuildKit's, by image
	seen       map[string]bool               // digests of indexes, digests and platforms of images
	indexes    int
}

func newIndexWalk(t Target) *indexWalk {
	return &indexWalk{target: t, statements: map[attest.Digest][]candidate{}, seen: map[string]bool{}}
}

// root reads what was asked for, an index or an image.
func (w *indexWalk) root(ctx context.Context, subject attest.Digest) error {
	m, err := w.read(ctx, subject)
	if err != nil {
		return err
	}
	if !isIndexType(m.mediaType()) {
		w.images = []ImageResult{{Image: subject, Platform: w.platformOf(ctx, m)}}
		return nil
	}
	w.isIndex = true
	return w.index(ctx, m, 0)
}

func (w *indexWalk) read(ctx context.Context, d attest.Digest) (*manifest, error) {
	raw, _, err := w.target.manifest(ctx, d)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d, err)
	}
	if m.manifests > len(m.Manifests) {
		return nil, fmt.Errorf("%s: %w: %d manifests", d, ErrLimit, m.manifests)
	}
	return m, nil
}

// index goes through the entries of an index.
func (w *indexWalk) index(ctx context.Context, m *manifest, depth int) error {
	for _, d := range m.Manifests {
		if err := d.Digest.Validate(); err != nil {
			return fmt.Errorf("%w: an entry of the index: %w", ErrManifest, err)
		}
		if isStatements(d) {
			reference := attest.Digest(d.Annotations[annotationReference])
			w.statements[reference] = append(w.statements[reference], candidate{Descriptor: d, store: StoreBuildKit})
			continue
		}
		image := ImageResult{Image: d.Digest}
		if d.Platform != nil {
			image.Platform = *d.Platform
		}
		entry := string(d.Digest) + image.Platform.String()
		repeated := w.seen[entry]
		w.seen[entry] = true
		switch {
		case repeated:
		case !isIndexType(d.MediaType):
			w.images = append(w.images, image)
		default:
			if err := w.nested(ctx, d.Digest, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// isStatements reports whether an entry is BuildKit's manifest of statements. Those are
// of an unknown platform; what is of any other, or of none, may be started by a
// runtime, whatever its annotations say, and counts as an image.
func isStatements(d Descriptor) bool {
	return d.Annotations[annotationReferenceType] == buildKitStatements && d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

func (w *indexWalk) nested(ctx context.Context, d attest.Digest, depth int) error {
	if w.indexes++; w.indexes > maxIndexes || depth > maxIndexDepth {
		return fmt.Errorf("%w: more than %d indexes in the index, or deeper than %d", ErrLimit, maxIndexes, maxIndexDepth)
	}
	m, err := w.read(ctx, d)
	if err != nil {
		return err
	}
	return w.index(ctx, m, depth)
}

// platformOf reads the platform of an image from its config, as far as that can be had.
func (w *indexWalk) platformOf(ctx context.Context, m *manifest) (p Platform) {
	if m.Config == nil {
		return p
	}
	raw, err := fetch(ctx, w.target, *m.Config, maxManifestSize)
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return Platform{} // an image of no platform is selected by none
	}
	return p
}

// selected returns the images of the platforms that were asked for, and those of which
// the index does not say the platform: runtimes take them for any.
func (w *indexWalk) selected(opts *IndexOptions) ([]ImageResult, error) {
	images := w.images
	if len(opts.Platforms) > 0 {
		images = nil
		for _, image := range w.images {
			if image.Platform.partial() || slices.ContainsFunc(opts.Platforms, image.Platform.is) {
				images = append(images, image)
			}
		}
	}
	for _, asked := range opts.Platforms {
		if !slices.ContainsFunc(images, func(r ImageResult) bool { return r.Platform.is(asked) }) {
			return nil, fmt.Errorf("%w: platform %.80q; there are %s", ErrNotFound, asked, platforms(w.images))
		}
	}
	switch {
	case len(images) > opts.MaxImages:
		return nil, fmt.Errorf("%w: %d images, at most %d", ErrLimit, len(images), opts.MaxImages)
	case len(images) == 0:
		return nil, fmt.Errorf("%w: the index has no image", ErrNotFound)
	}
	return images, nil
}

func platforms(images []ImageResult) string {
	var names []string
	for _, image := range images {
		if name := fmt.Sprintf("%.80s", image.Platform); !slices.Contains(names, name) && len(names) < 32 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// IndexError is an ErrNoneVerified for an index of which some images have no
// verified statement.
type IndexError struct {
	// Result is what was found.
	Result *IndexResult
}

// Error says which image has what.
func (e *IndexError) Error() string {
	var parts []string
	for _, image := range e.Result.Images {
		name := string(image.Image)
		if image.Platform != (Platform{}) {
			name = fmt.Sprintf("%.80s (%s)", image.Platform, image.Image)
		}
		parts = append(parts, name+": "+image.has())
	}
	if e.Result.Own != nil {
		parts = append(parts, "the index itself: "+e.Result.Own.has())
	}
	return ErrNoneVerified.Error() + " for every image: " + strings.Join(parts, "; ")
}

// Unwrap returns the errors of the images.
func (e *IndexError) Unwrap() []error {
	var errs []error
	for _, image := range e.Result.Images {
		if image.Err != nil {
			errs = append(errs, image.Err)
		}
	}
	return errs
}

// has says in words what an image has.
func (r ImageResult) has() string {
	if r.Result == nil {
		return fmt.Sprint(r.Err)
	}
	return r.Result.has()
}

func (r *Result) has() string {
	var types []string
	for _, v := range r.Verified {
		types = append(types, fmt.Sprintf("%.120s", v.PredicateType()))
	}
	slices.Sort(types)
	has := strings.Join(slices.Compact(types), ", ")
	if has == "" {
		has = "nothing"
	}
	for _, count := range []struct {
		n    int
		what string
	}{{len(r.Rejected), "rejected"}, {len(r.Unsigned), "unsigned"}} {
		if count.n > 0 {
			has += fmt.Sprintf(" (%d %s)", count.n, count.what)
		}
	}
	return has
}
