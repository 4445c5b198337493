package oci

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/imagetrust/imagetrust/attest"
)

// RepositoryOptions say how to reach a registry. The zero value, and nil, use TLS
// and the credentials that Docker's and Podman's configuration files hold.
type RepositoryOptions struct {
	// Keychain finds credentials; authn.DefaultKeychain if nil.
	Keychain authn.Keychain
	// Transport carries the requests. http.DefaultTransport's settings if nil.
	Transport http.RoundTripper
	// TLS configures the connection when Transport is nil.
	TLS *tls.Config
	// PlainHTTP allows HTTP without TLS. It is allowed for loopback addresses in
	// any case.
	PlainHTTP bool
	// UserAgent is sent with requests; "imagetrust" if empty.
	UserAgent string
	// Settle is how long Attach waits before it reads a shared referrers tag back,
	// to notice writers that read it before and write it after us. Three times
	// the duration of our own update, and at least 100 ms, if zero. It matters
	// only in registries without the referrers API.
	Settle time.Duration
	// Retries is how often Attach writes a shared referrers tag again, 8 if zero.
	Retries int
}

// RepositoryTarget is a repository of a registry. It may be used by several
// goroutines.
type RepositoryTarget struct {
	ref  name.Reference
	opts RepositoryOptions
	base http.RoundTripper

	mu      sync.Mutex // guards clients
	clients map[string]*http.Client

	tagUpdate sync.Mutex // one update of a shared tag at a time from here
}

// Repository returns the target for a reference such as
// "registry.example/app", "registry.example/app:1.2" or
// "registry.example/app@sha256:…". The tag or digest is what Resolve gives, and
// what an empty subject means. Nothing is contacted yet. opts may be nil. The error
// is that of a malformed reference.
func Repository(ref string, opts *RepositoryOptions) (*RepositoryTarget, error) {
	var o RepositoryOptions
	if opts != nil {
		o = *opts
	}
	var nameOpts []name.Option
	if o.PlainHTTP {
		nameOpts = append(nameOpts, name.Insecure)
	}
	parsed, err := name.ParseReference(ref, nameOpts...)
	if err != nil {
		return nil, fmt.Errorf("oci: %w", err)
	}
	if o.Keychain == nil {
		o.Keychain = authn.DefaultKeychain
	}
	if o.UserAgent == "" {
		o.UserAgent = "imagetrust"
	}
	orDefault(&o.Retries, 8)
	return &RepositoryTarget{ref: parsed, opts: o, base: baseTransport(o), clients: map[string]*http.Client{}}, nil
}

// String returns the repository's name.
func (r *RepositoryTarget) String() string { return r.ref.Context().Name() }

func baseTransport(opts RepositoryOptions) http.RoundTripper {
	inner := opts.Transport
	if inner == nil {
		t, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			t = &http.Transport{Proxy: http.ProxyFromEnvironment}
		}
		t = t.Clone()
		t.MaxIdleConnsPerHost = 32
		t.TLSClientConfig = opts.TLS
		inner = t
	}
	inner = &schemeGuard{inner: inner, plainHTTP: opts.PlainHTTP}
	return transport.NewUserAgent(&retryReads{inner, transport.NewRetry(inner, transport.WithRetryStatusCodes(
		http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout))}, opts.UserAgent)
}

// retryReads repeats requests that have no body, of which nothing is used up.
type retryReads struct{ once, retry http.RoundTripper }

func (t *retryReads) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return t.retry.RoundTrip(req)
	}
	return t.once.RoundTrip(req)
}

// schemeGuard refuses plain HTTP but to loopback: the registry client would also
// fall back to it for private networks, and a redirect may lead anywhere.
type schemeGuard struct {
	inner     http.RoundTripper
	plainHTTP bool
}

func (g *schemeGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !g.plainHTTP && !isLoopback(req.URL.Hostname()) {
		return nil, fmt.Errorf("%w to %s", ErrPlainHTTP, req.URL.Host)
	}
	return g.inner.RoundTrip(req)
}

func isLoopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return host == "localhost"
}

// checkRedirect refuses redirects from a public host to a private address, by
// which a registry could make us ask the machines around us.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("oci: too many redirects")
	}
	ip := net.ParseIP(req.URL.Hostname())
	if ip != nil && (ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()) && req.URL.Hostname() != via[0].URL.Hostname() {
		return fmt.Errorf("oci: redirect from %s to private address %s refused", via[0].URL.Host, req.URL.Host)
	}
	return nil
}

// client returns the client that is authorised for scope, "pull" or "push,pull".
func (r *RepositoryTarget) client(ctx context.Context, scope string) (*http.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[scope]; c != nil {
		return c, nil
	}
	repo := r.ref.Context()
	auth, err := authn.Resolve(ctx, r.opts.Keychain, repo)
	if err != nil {
		return nil, fmt.Errorf("oci: credentials for %s: %w", repo, err)
	}
	rt, err := transport.NewWithContext(ctx, repo.Registry, auth, r.base, []string{repo.Scope(scope)})
	if err != nil {
		return nil, fmt.Errorf("oci: connect to %s: %w", repo.Registry, err)
	}
	c := &http.Client{Transport: rt, CheckRedirect: checkRedirect}
	r.clients[scope] = c
	return c, nil
}

// url returns the address below the repository. The transport replaces the scheme
// by the one that the registry answered to.
func (r *RepositoryTarget) url(kind, id string) string {
	repo := r.ref.Context()
	return fmt.Sprintf("https://%s/v2/%s/%s/%s", repo.RegistryStr(), repo.RepositoryStr(), kind, id)
}

// response is an answer whose body was read within a limit.
type response struct {
	status int
	header http.Header
	body   []byte
	url    string
}

// do sends a request and reads at most limit bytes of the answer. Other statuses
// than ok are an error, and 404 an ErrNotFound.
func (r *RepositoryTarget) do(ctx context.Context, scope string, req *http.Request, limit int64, ok ...int) (*response, error) {
	client, err := r.client(ctx, scope)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := transport.CheckError(resp, ok...); err != nil {
		if resp.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		return nil, err
	}
	body, err := readAll(resp.Body, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	return &response{resp.StatusCode, resp.Header, body, resp.Request.URL.String()}, nil
}

// readAll reads at most limit bytes, and one more to know that there are more.
func readAll(from io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("%w: more than %d bytes", ErrLimit, limit)
	}
	return body, err
}

func (r *RepositoryTarget) get(ctx context.Context, url string, limit int64, accept string, ok ...int) (*response, error) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	return r.do(ctx, transport.PullScope, req, limit, append(ok, http.StatusOK)...)
}

var manifestAccept = strings.Join([]string{mediaTypeManifest, mediaTypeIndex, mediaTypeDockerManifest, mediaTypeDockerList}, ", ")

// manifestByTag reads a manifest by tag; its digest is computed here.
func (r *RepositoryTarget) manifestByTag(ctx context.Context, tag, accept string) ([]byte, Descriptor, error) {
	resp, err := r.get(ctx, r.url("manifests", tag), maxManifestSize, accept)
	if err != nil {
		return nil, Descriptor{}, err
	}
	return resp.body, describe(mediaTypeOf(resp), resp.body), nil
}

// mediaTypeOf returns the media type that the registry gave, else the document's.
func mediaTypeOf(resp *response) string {
	mediaType, _, _ := strings.Cut(resp.header.Get("Content-Type"), ";")
	if m, err := parseManifest(resp.body); err == nil && m.MediaType != "" {
		return m.MediaType
	}
	return strings.TrimSpace(mediaType)
}

func (r *RepositoryTarget) resolve(ctx context.Context) (Descriptor, error) {
	if d, ok := r.ref.(name.Digest); ok {
		_, desc, err := r.manifest(ctx, attest.Digest(d.DigestStr()))
		return desc, err
	}
	_, desc, err := r.manifestByTag(ctx, r.ref.Identifier(), manifestAccept)
	return desc, err
}

func (r *RepositoryTarget) manifest(ctx context.Context, d attest.Digest) ([]byte, Descriptor, error) {
	if err := d.Validate(); err != nil {
		return nil, Descriptor{}, err
	}
	resp, err := r.get(ctx, r.url("manifests", string(d)), maxManifestSize, manifestAccept)
	if err != nil {
		return nil, Descriptor{}, err
	}
	if err := checkContent(resp.body, d); err != nil {
		return nil, Descriptor{}, err
	}
	return resp.body, Descriptor{MediaType: mediaTypeOf(resp), Digest: d, Size: int64(len(resp.body))}, nil
}

func (r *RepositoryTarget) blob(ctx context.Context, d Descriptor) ([]byte, error) {
	resp, err := r.get(ctx, r.url("blobs", string(d.Digest)), d.Size, "")
	if err != nil {
		return nil, err
	}
	return resp.body, checkContent(resp.body, d.Digest)
}
