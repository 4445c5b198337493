package oci

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
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
	// AllowPrivateAddresses lets the registry send us on to addresses of private
	// networks and of this machine, such as a storage beside it. Its own address is
	// allowed in any case.
	AllowPrivateAddresses bool
	// UserAgent is sent with requests; "imagetrust" if empty.
	UserAgent string
	// Settle is how long Attach waits before it reads a shared tag back, to notice
	// writers that read it before and write it after us. Three times the duration
	// of our own update, and at least 100 ms, if zero. It matters only for the
	// referrers tag, in registries without the referrers API, and for FormatLegacy.
	Settle time.Duration
	// Retries is how often Attach writes a shared tag again, 16 if zero: in the worst
	// case each round settles one of the writers.
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
	orDefault(&o.Retries, 16)
	return &RepositoryTarget{ref: parsed, opts: o, base: baseTransport(parsed.Context().Registry, o), clients: map[string]*http.Client{}}, nil
}

// String returns the repository's name.
func (r *RepositoryTarget) String() string { return r.ref.Context().Name() }

func baseTransport(registry name.Registry, opts RepositoryOptions) http.RoundTripper {
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
	host := (&url.URL{Host: registry.RegistryStr()}).Hostname()
	inner = &guard{inner: inner, plainHTTP: opts.PlainHTTP, private: opts.AllowPrivateAddresses, registry: host}
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

// guard refuses plain HTTP but to loopback: the registry client would also fall back to
// it for private networks. And it refuses private addresses other than the
// registry's own, to which redirects, upload locations and token servers of a
// registry could send us.
type guard struct {
	inner     http.RoundTripper
	plainHTTP bool
	private   bool   // whether private addresses are allowed
	registry  string // its host, without the port
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.URL.Hostname()
	if req.URL.Scheme != "https" && !g.plainHTTP && !isLoopback(host) {
		return nil, fmt.Errorf("%w to %s", ErrPlainHTTP, req.URL.Host)
	}
	if !g.private && isPrivate(host) && !strings.EqualFold(host, g.registry) {
		return nil, fmt.Errorf("%w: %s, from registry %s", ErrPrivateAddress, req.URL.Host, g.registry)
	}
	return g.inner.RoundTrip(req)
}

func isLoopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// isPrivate reports whether a host is named by an address of this machine or of the
// networks around it. Names that resolve to such addresses are not looked up.
func isPrivate(host string) bool {
	ip := net.ParseIP(strings.SplitN(host, "%", 2)[0])
	if ip == nil {
		labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
		last := labels[len(labels)-1]
		// Some resolvers take "127.1" and "0x7f000001" for addresses. No top-level domain
		// begins with a digit.
		return last == "localhost" || last != "" && last[0] >= '0' && last[0] <= '9'
	}
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast()
}

// checkRedirect bounds redirects and refuses those that give up encryption.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("oci: too many redirects")
	}
	if req.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https" {
		return fmt.Errorf("%w: redirect to %s", ErrPlainHTTP, req.URL.Host)
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
	resp, err := r.send(ctx, scope, req, ok...)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := readAll(resp.Body, resp.ContentLength, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	return &response{resp.StatusCode, resp.Header, body, resp.Request.URL.String()}, nil
}

// send is do without reading the answer, whose body the caller closes.
func (r *RepositoryTarget) send(ctx context.Context, scope string, req *http.Request, ok ...int) (*http.Response, error) {
	client, err := r.client(ctx, scope)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	if err := transport.CheckError(resp, ok...); err != nil {
		resp.Body.Close()
		if resp.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%w: %w", ErrNotFound, err)
		}
		return nil, err
	}
	return resp, nil
}

// readAll reads at most limit bytes, and one more to know that there are more. Expected
// is how many there should be, negative if unknown: with it nothing is copied.
func readAll(from io.Reader, expected, limit int64) ([]byte, error) {
	if expected > limit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, expected, limit)
	}
	var body bytes.Buffer
	if expected >= 0 {
		body.Grow(int(expected) + bytes.MinRead)
	}
	n, err := body.ReadFrom(io.LimitReader(from, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%w: more than %d bytes", ErrLimit, limit)
	}
	return body.Bytes(), err
}

// readUnannounced is readAll where nobody but a stranger says how much there is: memory for
// all of it is set aside once a quarter is there.
func readUnannounced(from io.Reader, claimed, limit int64) ([]byte, error) {
	begin, err := readAll(io.LimitReader(from, claimed/4), -1, limit)
	if err != nil || int64(len(begin)) < claimed/4 {
		return begin, err
	}
	return readAll(io.MultiReader(bytes.NewReader(begin), from), claimed, limit)
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
	req, err := http.NewRequest(http.MethodGet, r.url("blobs", string(d.Digest)), nil)
	if err != nil {
		return nil, err
	}
	resp, err := r.send(ctx, transport.PullScope, req, http.StatusOK)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	// Memory is set aside by what the registry sends, not by what a descriptor says, which
	// anybody may have written.
	if n := resp.ContentLength; n >= 0 && n < d.Size {
		return nil, fmt.Errorf("%w: %s has %d bytes, want %d", ErrDigest, d.Digest, n, d.Size)
	}
	read := readAll
	if resp.ContentLength < 0 {
		read = readUnannounced
	}
	body, err := read(resp.Body, max(d.Size, resp.ContentLength), d.Size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", req.URL, err)
	}
	return body, checkContent(body, d.Digest)
}
