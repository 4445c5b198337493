package oci

import (
	"errors"
	"fmt"

	"github.com/imagetrust/imagetrust/attest"
)

var (
	// ErrNotFound says that the target does not hold the image or blob.
	ErrNotFound = errors.New("oci: not found")
	// ErrAmbiguous says that a layout holds several images and none was named.
	ErrAmbiguous = errors.New("oci: several images")
	// ErrLayout says that a directory is not an OCI image layout, or a broken one.
	ErrLayout = errors.New("oci: not a usable OCI image layout")
	// ErrManifest says that a manifest or index is malformed.
	ErrManifest = errors.New("oci: malformed manifest")
	// ErrReferrer says that a manifest which was found as a referrer names another
	// subject, or none.
	ErrReferrer = errors.New("oci: refers to another subject")
	// ErrDigest says that content differs from its descriptor.
	ErrDigest = errors.New("oci: content does not match its descriptor")
	// ErrLimit says that content exceeds a limit of Options.
	ErrLimit = errors.New("oci: limit exceeded")
	// ErrBundle says that a bundle cannot be attached.
	ErrBundle = errors.New("oci: bundle cannot be attached")
	// ErrLostUpdate says that other writers kept removing our entry from a shared
	// index. The manifest itself was written.
	ErrLostUpdate = errors.New("oci: concurrent writers kept removing the entry")
	// ErrPlainHTTP says that plain HTTP was refused.
	ErrPlainHTTP = errors.New("oci: refusing plain HTTP")
	// ErrPrivateAddress says that a registry sent us to an address of a private
	// network or of this machine that is not its own, and that we did not go.
	ErrPrivateAddress = errors.New("oci: refusing private address")
	// ErrNoneVerified says that no attestation passed. The Result that comes with
	// it says what was found and why it was rejected.
	ErrNoneVerified = errors.New("oci: no attestation could be verified")
)

// Rejected is an entry that was found and is of no use, and the reason.
type Rejected struct {
	// Descriptor is the manifest that was found, as far as it is known.
	Descriptor Descriptor
	// Store is where it was found.
	Store Store
	// Err is the reason; errors.Is and errors.As look into it.
	Err error
}

// Error names the manifest and the reason.
func (r Rejected) Error() string {
	if r.Descriptor.Digest == "" {
		return fmt.Sprintf("%s: %v", r.Store, r.Err)
	}
	return fmt.Sprintf("%s (%s): %v", r.Descriptor.Digest, r.Store, r.Err)
}

// Unwrap returns the reason.
func (r Rejected) Unwrap() error { return r.Err }

// NoneVerifiedError is an ErrNoneVerified with what was found instead.
type NoneVerifiedError struct {
	// Subject is the image, resolved.
	Subject attest.Digest
	// Rejected are those of the Result; empty when there was nothing to verify.
	Rejected []Rejected
	// Images is the number of images in the subject, if it is an index; they may
	// have attestations of their own, see [VerifyIndex].
	Images int
}

// Error says how many entries were rejected, and the reason of the first.
func (e *NoneVerifiedError) Error() string {
	msg := fmt.Sprintf("%v: %s has none", ErrNoneVerified, e.Subject)
	if len(e.Rejected) > 0 {
		msg = fmt.Sprintf("%v: %s: %d rejected, the first: %v", ErrNoneVerified, e.Subject, len(e.Rejected), e.Rejected[0])
	}
	if e.Images > 0 {
		msg += fmt.Sprintf("; it is an index, and its %d images were not asked", e.Images)
	}
	return msg
}

// Is reports that it is an ErrNoneVerified.
func (e *NoneVerifiedError) Is(target error) bool { return target == ErrNoneVerified }

// Unwrap returns the reasons of the rejections.
func (e *NoneVerifiedError) Unwrap() []error {
	errs := make([]error, len(e.Rejected))
	for i, r := range e.Rejected {
		errs[i] = r
	}
	return errs
}
