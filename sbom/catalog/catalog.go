package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/apk"
	"github.com/imagetrust/imagetrust/sbom/detect/binary"
	"github.com/imagetrust/imagetrust/sbom/detect/cargo"
	"github.com/imagetrust/imagetrust/sbom/detect/composer"
	"github.com/imagetrust/imagetrust/sbom/detect/conda"
	"github.com/imagetrust/imagetrust/sbom/detect/dart"
	"github.com/imagetrust/imagetrust/sbom/detect/dotnet"
	"github.com/imagetrust/imagetrust/sbom/detect/dpkg"
	"github.com/imagetrust/imagetrust/sbom/detect/gem"
	"github.com/imagetrust/imagetrust/sbom/detect/golang"
	"github.com/imagetrust/imagetrust/sbom/detect/gomod"
	"github.com/imagetrust/imagetrust/sbom/detect/haskell"
	"github.com/imagetrust/imagetrust/sbom/detect/helm"
	"github.com/imagetrust/imagetrust/sbom/detect/homebrew"
	"github.com/imagetrust/imagetrust/sbom/detect/java"
	"github.com/imagetrust/imagetrust/sbom/detect/jslock"
	"github.com/imagetrust/imagetrust/sbom/detect/julia"
	"github.com/imagetrust/imagetrust/sbom/detect/kernel"
	"github.com/imagetrust/imagetrust/sbom/detect/lua"
	"github.com/imagetrust/imagetrust/sbom/detect/nix"
	"github.com/imagetrust/imagetrust/sbom/detect/npm"
	"github.com/imagetrust/imagetrust/sbom/detect/opam"
	"github.com/imagetrust/imagetrust/sbom/detect/opkg"
	"github.com/imagetrust/imagetrust/sbom/detect/osrelease"
	"github.com/imagetrust/imagetrust/sbom/detect/otp"
	"github.com/imagetrust/imagetrust/sbom/detect/pacman"
	"github.com/imagetrust/imagetrust/sbom/detect/perl"
	"github.com/imagetrust/imagetrust/sbom/detect/portage"
	"github.com/imagetrust/imagetrust/sbom/detect/pylock"
	"github.com/imagetrust/imagetrust/sbom/detect/python"
	"github.com/imagetrust/imagetrust/sbom/detect/r"
	"github.com/imagetrust/imagetrust/sbom/detect/rpm"
	"github.com/imagetrust/imagetrust/sbom/detect/swift"
	"github.com/imagetrust/imagetrust/sbom/detect/wordpress"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// Options say how to read an image. The zero value, and nil, are good defaults.
type Options struct {
	// Detectors turn files into components; [Detectors] if nil. Their names must
	// differ.
	Detectors []detect.Detector
	// Parallel is how many layers are read at once; GOMAXPROCS if 0. The
	// inventory does not depend on it.
	Parallel int
	// MaxFileSize is the largest file that is handed to a detector, in bytes;
	// 1 GiB if 0. A larger one becomes a gap of kind limit. Executables are
	// hashed whatever their size.
	MaxFileSize int64
	// MaxEntries is the most entries that all layers together may have;
	// 2,000,000 if 0. More is an error: half an inventory would pass for a whole. So
	// are paths, link targets and capabilities of more than 128 bytes on average of
	// that many entries, and 16 MiB; and what packages recorded, of more than that
	// when it is packed, or of four owners for each entry, and 1,048,576.
	MaxEntries int
	// MemoryBudget bounds the content of files that is held in memory at once,
	// over all layers, in bytes; 16 MiB if 0. Layers wait for their turn. A file that is
	// larger than the whole budget, and whose detector has no detect.Sieve for it, goes
	// to an anonymous file in SpillDir, at most Parallel files of MaxFileSize at once:
	// Java archives and databases of packages do; see the package documentation.
	MemoryBudget int64
	// SpillDir is where the anonymous file is made; [os.TempDir] if empty. The
	// file has no name in it: nothing is left behind, even after a crash.
	SpillDir string
	// HashAll hashes every regular file, not only executables and those that a
	// detector read, so that every recorded digest is verified. It costs about
	// 0.6 to 2.2 s of processor time for each GB that is hashed in addition: SHA-256
	// alone, or with what the package manager is expected to have recorded.
	HashAll bool
	// Cache keeps what is found in layers, so that a layer which it has is not read:
	// for a base image that is any number of images, and for an image that was read
	// before all of it; nothing is kept if nil. The inventory does not depend on
	// it. Whoever can write to the cache can deceive its readers; see the package
	// documentation, also for what is not noticed of a layer that is not read.
	Cache Cache
	// Created is the time for Inventory.Created, such as that of
	// SOURCE_DATE_EPOCH; the time the image itself states if zero.
	Created time.Time
	// Progress is told how far the work is; nobody if nil. Calls do not overlap.
	// It must return soon: layers wait for it.
	Progress func(Progress)
	// Logger is told what happens, at level debug; nobody if nil.
	Logger *slog.Logger
}

// ErrDetectors is the error of Options.Detectors of which two have one name, or one is
// nil or has none.
var ErrDetectors = errors.New("catalog: detectors need different names")

// Detectors returns the default detectors: all that this module has but that of package
// license, which says which licences files have the text of, and which callers append. The
// slice is the caller's.
func Detectors() []detect.Detector {
	return []detect.Detector{
		osrelease.New(),
		// Operating systems, and what installs beside them.
		dpkg.New(), apk.New(), rpm.New(), pacman.New(), portage.New(), opkg.New(), nix.New(), homebrew.New(), conda.New(), kernel.New(),
		// Languages.
		npm.New(), python.New(), golang.New(), cargo.New(), java.New(nil), dotnet.New(), gem.New(), composer.New(), wordpress.New(),
		perl.New(), r.New(), julia.New(), lua.New(), opam.New(), haskell.New(), otp.New(), dart.New(), swift.New(),
		// What is only declared.
		jslock.New(), pylock.New(), gomod.New(), helm.New(),
		// What none of these speaks for.
		binary.Default(),
	}
}

// Image reads every layer of img once, layers in parallel, and returns what is in
// the image. A layer is read a second time only for hard links whose content went by
// under a name that nobody wanted, for what a detector's Sieve turns out to have not
// kept (detect.ErrSkipped; that of programs of Go 1.17 and older, with a payload, and of Rust with a
// list of crates), and for executables that a package manager owns at an unusual place
// or recorded by an unusual algorithm. opts may be nil.
//
// An error means that there is no inventory: a layer could not be read to its
// end or is not the one the image names (a *image.LayerError), a limit was
// reached (image.ErrLimit), content could not be spilled (ErrSpill), the options
// are wrong (ErrDetectors), img is nil (fs.ErrInvalid), or ctx was cancelled (its cause). What could be read but not understood
// is no error, but one of the inventory's Gaps.
//
// A cancellation is noticed after some milliseconds of work, wherever that is, apart from
// detectors that do not ask ctx and from the last step, which sorts the inventory: half a
// second for 100,000 components.
func Image(ctx context.Context, img *image.Image, opts *Options) (*sbom.Inventory, error) {
	if img == nil {
		return nil, fmt.Errorf("catalog: no image: %w", fs.ErrInvalid)
	}
	o := opts.withDefaults()
	if err := checkDetectors(o.Detectors); err != nil {
		return nil, err
	}
	layers := img.Layers()
	s, cache := newScanner(layers, o), newLayerCache(o)
	inv := &sbom.Inventory{Subject: img.Subject(), Tools: []sbom.Tool{tool()}, Created: o.Created}
	if cfg := img.Config(); inv.Created.IsZero() && cfg != nil {
		inv.Created = cfg.Created.UTC()
	}
	for _, layer := range layers {
		inv.Layers = append(inv.Layers, layer.Info())
	}
	if cache.loadImage(ctx, s, layers, inv) {
		return inv, nil
	}
	results, err := s.scanLayers(ctx, layers, o.Parallel, cache)
	if err != nil {
		return nil, err
	}
	var counted stored
	for _, r := range results {
		counted.count(r)
	}
	if err := s.fold(ctx, layers, results, inv, cache); err != nil {
		return nil, err
	}
	cache.storeImage(ctx, s, layers, inv, &counted)
	return inv, nil
}

// fold folds the results, which it takes over, into inv.
func (s *scanner) fold(ctx context.Context, layers []*image.Layer, results []*layerResult, inv *sbom.Inventory, cache *layerCache) (err error) {
	f := newFold()
	f.tree.Limit, f.maxClaims = int(s.maxEntries), s.mostClaims()
	f.patience = &patience{ctx: ctx}
	defer f.patience.end(&err)
	for i := range layers {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		info := &inv.Layers[i]
		info.UncompressedSize = results[i].uncompressed
		if err := f.add(info.Ref(), results[i]); err != nil {
			return &image.LayerError{Layer: *info.Ref(), Err: err}
		}
		results[i] = nil // Its entries are in the tree now.
	}
	owners := f.own(inv)
	if missing := owners.lacking(); len(missing) > 0 {
		digests, err := s.complement(ctx, layers, missing)
		if err != nil {
			return err
		}
		for i, ds := range digests {
			cache.addDigests(ctx, layers[i], ds)
		}
		f.learn(missing, digests)
	}
	f.complete(inv, owners)
	return nil
}

func newScanner(layers []*image.Layer, o *Options) *scanner {
	s := &scanner{
		detectors: o.Detectors, maxFileSize: o.MaxFileSize, maxEntries: int64(o.MaxEntries), hashAll: o.HashAll,
		budget: newBudget(o.MemoryBudget), spill: &spill{dir: o.SpillDir},
		meter: newMeter(o.Progress, layers), log: o.Logger,
	}
	s.manager.Store(uint32(withMD5)) // Most images are Debian's or its children.
	return s
}

// scanLayers reads all layers that the cache does not have, the largest first so
// that none is left alone at the end.
func (s *scanner) scanLayers(ctx context.Context, layers []*image.Layer, parallel int, cache *layerCache) ([]*layerResult, error) {
	results, err := cache.loadAll(ctx, s, layers, parallel)
	if err != nil {
		return nil, err
	}
	var order []int
	for i := range layers {
		if results[i] == nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(layers[b].Info().Size, layers[a].Info().Size)
	})
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, i := range order {
		group.Go(func() (err error) {
			if results[i], err = s.scan(gctx, layers[i]); err == nil {
				cache.store(gctx, layers[i], results[i])
				s.meter.layerDone(layers[i].Info().Size)
			}
			return err
		})
	}
	err = group.Wait()
	if cerr := s.spill.close(); err == nil && cerr != nil {
		s.log.Debug("closing the spill file", "error", cerr) // What was read from it is right.
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return nil, cause
	}
	return results, err
}

func (o *Options) withDefaults() *Options {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Detectors == nil {
		c.Detectors = Detectors()
	}
	if c.Parallel <= 0 {
		c.Parallel = runtime.GOMAXPROCS(0)
	}
	if c.MaxFileSize <= 0 {
		c.MaxFileSize = 1 << 30
	}
	if c.MaxEntries <= 0 {
		c.MaxEntries = 2_000_000
	}
	if c.MemoryBudget <= 0 {
		c.MemoryBudget = 16 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &c
}

func checkDetectors(ds []detect.Detector) error {
	seen := make(map[string]bool, len(ds))
	for _, d := range ds {
		if d == nil {
			return fmt.Errorf("%w: one is nil", ErrDetectors)
		}
		name := d.ID().Name
		if name == "" || seen[name] {
			return fmt.Errorf("%w: %q", ErrDetectors, name)
		}
		seen[name] = true
	}
	return nil
}

const modulePath = "github.com/imagetrust/imagetrust"

// tool names this library in the version that the program was built with.
func tool() sbom.Tool {
	t := sbom.Tool{Vendor: "imagetrust", Name: "imagetrust"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return t
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == modulePath && m.Version != "(devel)" {
			t.Version = m.Version
		}
	}
	return t
}
