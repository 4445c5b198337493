// Package remote opens images in registries. It is package image with a network:
// what it opens is read and verified like any other image.
//
// # What is asked of the registry
//
// [Open] resolves the reference once and reads everything else by digest, so that
// a tag that moves meanwhile changes nothing. Layers are requested when they are
// iterated over, one request for each iteration. Nothing is fetched from the URLs
// that manifests state for foreign layers.
//
// # What is sent, and where
//
// Connections use TLS, except to loopback addresses and when Options.PlainHTTP is
// set. Credentials go to the registry and to the token server that it names;
// redirects and token servers at private addresses are refused unless the registry
// itself is there.
package remote

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/imagetrust/imagetrust/sbom/image"
)

// Options say how to reach a registry. The zero value, and nil, are good
// defaults.
type Options struct {
	// Image are the options of the image. Ref is not used: it is part of the
	// reference.
	Image image.Options
	// Keychain finds credentials; authn.DefaultKeychain, which reads Docker's and
	// Podman's configuration, if nil.
	Keychain authn.Keychain
	// TLS is the configuration of connections; the system's roots if nil. It is
	// not used when Transport is set.
	TLS *tls.Config
	// Transport carries the requests; one made for the image if nil.
	Transport http.RoundTripper
	// PlainHTTP allows plain http to every registry. Without it, only registries
	// on this machine's loopback addresses are asked by plain http, if they do not
	// speak TLS. It does not switch off the verification of certificates.
	PlainHTTP bool
	// UserAgent is sent to the registry; "imagetrust" if empty.
	UserAgent string
}

// Open opens an image in a registry. ref is a name as Docker understands it, such
// as "debian:12" or "registry.example/app@sha256:…"; it must hold no credentials.
// opts may be nil.
//
// ctx bounds opening; each iteration over a layer has its own. Errors are an *Error
// of ErrReference, ErrNotFound, ErrUnauthorized, ErrRateLimited, ErrPlainHTTP or
// ErrCertificate, or of what package image says: *image.PlatformError,
// image.ErrDigest, image.ErrNotImage and others.
func Open(ctx context.Context, ref string, opts *Options) (*image.Image, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	img, err := open(ctx, ref, &o)
	if err != nil {
		return nil, explain(ref, err)
	}
	return img, nil
}

func open(ctx context.Context, ref string, o *Options) (*image.Image, error) {
	parsed, err := parse(ref, o)
	if err != nil {
		return nil, err
	}
	s, err := dial(ctx, parsed.Context(), o)
	if err != nil {
		return nil, err
	}
	m, err := s.manifest(ctx, parsed.Identifier())
	if err != nil {
		return nil, err
	}
	if d, ok := parsed.(name.Digest); ok {
		if err := m.verify(d.DigestStr()); err != nil {
			return nil, err
		}
	}
	imageOpts := o.Image
	imageOpts.Ref = ""
	if imageOpts.Name == "" {
		imageOpts.Name = ref
	}
	if m.isIndex {
		return image.FromIndex(&index{ctx, s, m}, &imageOpts)
	}
	img, err := newImage(ctx, s, m)
	if err != nil {
		return nil, err
	}
	return image.FromV1(img, &imageOpts)
}

// parse parses the reference. Its errors do not repeat what may be a password.
func parse(ref string, o *Options) (name.Reference, error) {
	if scheme, _, ok := strings.Cut(ref, "://"); ok {
		return nil, fmt.Errorf("%w: leave out %q", ErrReference, scheme+"://")
	}
	if mayHoldCredentials(ref) {
		return nil, fmt.Errorf("%w: credentials in a reference are not accepted", ErrReference)
	}
	var nameOpts []name.Option
	if o.PlainHTTP || strings.Contains(ref, "/") && isLoopback(ref) {
		nameOpts = append(nameOpts, name.Insecure)
	}
	parsed, err := name.ParseReference(ref, nameOpts...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReference, err)
	}
	return parsed, nil
}

// mayHoldCredentials reports whether there is an "@" in ref that does not begin a
// digest at its end.
func mayHoldCredentials(ref string) bool {
	at := strings.LastIndexByte(ref, '@')
	return at >= 0 && (strings.Contains(ref[:at], "@") || !strings.HasPrefix(ref[at:], "@sha"))
}

// dial authenticates with the registry.
func dial(ctx context.Context, repo name.Repository, o *Options) (*session, error) {
	keychain := o.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	auth, err := authn.Resolve(ctx, keychain, repo)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	agent := o.UserAgent
	if agent == "" {
		agent = "imagetrust"
	}
	var rt http.RoundTripper = &schemeGuard{inner: o.transport(), plainHTTP: o.PlainHTTP}
	rt = transport.NewUserAgent(transport.NewRetry(rt), agent)
	rt, err = transport.NewWithContext(ctx, repo.Registry, auth, rt, []string{repo.Scope(transport.PullScope)})
	if err != nil {
		return nil, err
	}
	return &session{repo: repo, client: &http.Client{Transport: rt, CheckRedirect: checkRedirect}}, nil
}

func (o *Options) transport() http.RoundTripper {
	if o.Transport != nil {
		return o.Transport
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	if o.TLS != nil {
		t.TLSClientConfig = o.TLS.Clone()
	}
	return t
}
