// Package remote opens images in registries.
package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// Options say how to reach a registry. The zero value, and nil, are good
// defaults.
type Options struct {
	// Image are the options of the image; its Ref is not used.
	Image image.Options
	// Keychain finds credentials; authn.DefaultKeychain, which reads Docker's and
	// Podman's configuration, if nil.
	Keychain authn.Keychain
	// TLS is the configuration of connections, the system's roots if nil. It is
	// not used when Transport is set.
	TLS *tls.Config
	// Transport carries the requests; one made for the image if nil.
	Transport http.RoundTripper
	// Insecure allows plain http to every registry. Without it, only registries
	// on this machine's loopback addresses are asked by plain http. It does not
	// switch off the verification of certificates.
	Insecure bool
	// UserAgent is sent to the registry; "imagetrust" if empty.
	UserAgent string
}

// Open opens an image in a registry.
func Open(ctx context.Context, ref string, opts *Options) (*image.Image, error) {
	return nil, errors.ErrUnsupported
}
