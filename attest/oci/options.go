package oci

import "golang.org/x/sync/semaphore"

const (
	// maxManifestSize is what the distribution specification lets registries
	// require: manifests above 4 MiB are not portable.
	maxManifestSize = 4 << 20
	// maxIndexSize bounds index.json and the pages of referrers.
	maxIndexSize = 8 << 20
	// listFactor times MaxReferrers is how many descriptors are read to choose
	// the most promising MaxReferrers from.
	listFactor = 16

	// maxListed is the number of descriptors that are read of one list, maxLayers
	// that of the layers of one manifest.
	maxListed = listFactor * defaultMaxReferrers
	maxLayers = 4096

	mostBlobSize        = 128 << 20 // that of package attest
	defaultMaxBlobSize  = 32 << 20
	defaultMaxReferrers = 512
	defaultMaxInFlight  = 64 << 20
	defaultMaxTotal     = 256 << 20
	defaultParallel     = 16
)

// Options bound and filter a search. The zero value, and nil, read every attestation
// within the default limits.
type Options struct {
	// PredicateType, if set, leaves out attestations of another type. Verify goes
	// by the signed type, List by the claimed one; annotations do not count.
	PredicateType string
	// MaxBlobSize is the size in bytes above which a bundle is rejected, 32 MiB
	// if zero, and at most 128 MiB, which is the limit of package attest.
	MaxBlobSize int64
	// MaxReferrers is the number of manifests that are looked into, 512 if zero.
	// Those that claim to be bundles come first; the rest is rejected with
	// ErrLimit.
	MaxReferrers int
	// MaxInFlight is the number of bytes of bundles fetched at one time, 64 MiB if
	// zero. A larger single bundle is fetched alone.
	MaxInFlight int64
	// MaxTotal is the number of bytes of bundles that List returns, 256 MiB if
	// zero. Verify keeps only what it verified and does not need it.
	MaxTotal int64
	// Parallel is the number of requests at one time, 16 if zero.
	Parallel int

	bytes *semaphore.Weighted // of MaxInFlight
}

func (o *Options) withDefaults() *Options {
	var c Options
	if o != nil {
		c = *o
	}
	orDefault(&c.MaxBlobSize, defaultMaxBlobSize)
	c.MaxBlobSize = min(c.MaxBlobSize, mostBlobSize)
	orDefault(&c.MaxInFlight, defaultMaxInFlight)
	orDefault(&c.MaxTotal, defaultMaxTotal)
	orDefault(&c.MaxReferrers, defaultMaxReferrers)
	orDefault(&c.Parallel, defaultParallel)
	c.bytes = semaphore.NewWeighted(c.MaxInFlight)
	return &c
}

func orDefault[T int | int64](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}
