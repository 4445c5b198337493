package image

import (
	"errors"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// Errors of opening an image.
var (
	// ErrFormat: what was opened is no image in a format that Open knows.
	ErrFormat = errors.New("not an OCI layout, OCI archive, docker-archive or root file system")
	// ErrNotImage: the manifest describes something else than a container image,
	// such as an attestation or a chart.
	ErrNotImage = errors.New("an artifact, not a container image")
	// ErrMismatch: config and manifest disagree about the number of layers.
	ErrMismatch = errors.New("config and manifest differ in the number of layers")
	// ErrPlatform: no image, or more than one, fits the options. The error is a
	// *PlatformError, which lists what there is.
	ErrPlatform = errors.New("no single image fits")
)

// Errors of reading an image. Those about one layer are wrapped in a *LayerError.
var (
	// ErrDigest: bytes do not have the digest or the size that refers to them.
	// The error is a *DigestError.
	ErrDigest = errors.New("digest mismatch")
	// ErrCorrupt: compressed data, a tar stream or JSON breaks off or does not
	// follow its format.
	ErrCorrupt = errors.New("corrupt")
	// ErrUnsupported: a format or a compression that is not read.
	ErrUnsupported = errors.New("not supported")
	// ErrEncrypted: the layer is encrypted.
	ErrEncrypted = errors.New("encrypted")
	// ErrLimit: a limit of the options was reached.
	ErrLimit = errors.New("limit reached")
	// ErrMissing: a blob that the manifest refers to is not there.
	ErrMissing = errors.New("missing")
	// ErrForeign: the layer is not distributable and its blob is not there. It is
	// an ErrMissing too.
	ErrForeign = fmt.Errorf("non-distributable layer is %w", ErrMissing)
	// ErrTrailing: data other than zeros follows the end of a layer's tar
	// archive. No run time looks at it. All entries were returned, and the
	// digests are right.
	ErrTrailing = errors.New("data behind the end of the archive")
)

// Problems of a single entry (Entry.Problem); the layer goes on.
var (
	// ErrEscape: the recorded name, or the target of a hard link, leads out of
	// the root.
	ErrEscape = errors.New("path leads out of the root")
	// ErrName: the recorded name cannot be a file's name on Linux: too long,
	// empty, or a whiteout of nothing. Entry.Path is empty.
	ErrName = errors.New("impossible file name")
	// ErrType: a tar entry of a kind that makes no file.
	ErrType = errors.New("unknown kind of entry")
)

// LayerError is an error in one layer.
type LayerError struct {
	// Layer is the layer.
	Layer sbom.LayerRef
	// Path is the entry that was read when the error showed; often empty.
	Path string
	// Err is the reason.
	Err error
}

// Error names the layer by its index and the beginning of its diffID.
func (e *LayerError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "layer %d", e.Layer.Index)
	if h := e.Layer.DiffID.Hex(); len(h) >= 12 {
		b.WriteString(" (" + h[:12] + ")")
	}
	if e.Path != "" {
		b.WriteString(": " + e.Path)
	}
	return b.String() + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *LayerError) Unwrap() error { return e.Err }

// DigestError is the error of bytes that are not those referred to. It is an
// ErrDigest.
type DigestError struct {
	// What was read: "manifest", "config", "blob" or "diffID".
	What string
	// Want and Got are the digests; Got is empty when the size alone decided.
	Want, Got sbom.Digest
	// WantSize and GotSize are in bytes, and 0 when the size is right or unknown.
	// Reading stops one byte behind WantSize.
	WantSize, GotSize int64
}

// Error says what was wanted and what was read.
func (e *DigestError) Error() string {
	if e.Got == "" {
		return fmt.Sprintf("%v: %s %s has %d bytes, want %d", ErrDigest, e.What, e.Want, e.GotSize, e.WantSize)
	}
	return fmt.Sprintf("%v: %s is %s, want %s", ErrDigest, e.What, e.Got, e.Want)
}

// Is reports that a DigestError is an ErrDigest.
func (e *DigestError) Is(target error) bool { return target == ErrDigest }

// PlatformError is the error of a choice between images that the options do not
// decide. It is an ErrPlatform.
type PlatformError struct {
	// Platform and Ref are what was asked for.
	Platform sbom.Platform
	Ref      string
	// Matching is how many of Available fit: 0, or more than 1.
	Matching int
	// Available are the images that there are.
	Available []Candidate
}

// Candidate is an image that could be chosen.
type Candidate struct {
	// Digest of the manifest; of the config in a docker-archive.
	Digest sbom.Digest
	// Ref is the tag or name, empty when there is none.
	Ref string
	// Platform is zero when the image does not state one.
	Platform sbom.Platform
	// Index is the outermost index in which the image was found, empty when it is
	// in none.
	Index sbom.Digest
}

// Error says what was asked for, lists what there is, and how to choose.
func (e *PlatformError) Error() string {
	var b strings.Builder
	if e.Matching > 1 {
		fmt.Fprintf(&b, "%d images fit", e.Matching)
	} else {
		b.WriteString("no image fits")
	}
	if e.Platform != (sbom.Platform{}) {
		fmt.Fprintf(&b, " platform %s", e.Platform)
	}
	if e.Ref != "" {
		fmt.Fprintf(&b, " reference %q", e.Ref)
	}
	if len(e.Available) == 0 {
		return b.String() + ": there is none"
	}
	b.WriteString("; choose by platform, tag or digest among")
	const most = 20
	for i, c := range e.Available {
		if i == most {
			fmt.Fprintf(&b, ", and %d more", len(e.Available)-most)
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		for _, s := range []string{c.Ref, c.Platform.String(), string(c.Digest)} {
			if s != "" {
				b.WriteString(" " + s)
			}
		}
	}
	return b.String()
}

// Is reports that a PlatformError is an ErrPlatform.
func (e *PlatformError) Is(target error) bool { return target == ErrPlatform }
