package remote_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	gcr "github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/image/remote"
)

// makeImage is an image of one layer that holds one file.
func makeImage(arch, content string) v1.Image {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(w.WriteHeader(&tar.Header{Name: "file", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(content))}))
	_, err := io.WriteString(w, content)
	must(err)
	must(w.Close())
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(b.Bytes(), types.OCIUncompressedLayer))
	must(err)
	cf, err := img.ConfigFile()
	must(err)
	cf = cf.DeepCopy()
	cf.OS, cf.Architecture = "linux", arch
	img, err = mutate.ConfigFile(img, cf)
	must(err)
	return img
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func digestOf(d interface{ Digest() (v1.Hash, error) }) string {
	h, err := d.Digest()
	must(err)
	return h.String()
}

// quiet keeps the test registry from logging.
var quiet = registry.Logger(log.New(io.Discard, "", 0))

// serve starts a registry behind middleware and pushes images into it. It returns
// the registry's host and port.
func serve(t *testing.T, start func(http.Handler) *httptest.Server, wrap func(http.Handler) http.Handler) (*httptest.Server, http.Handler) {
	t.Helper()
	reg := registry.New(quiet)
	var h http.Handler = reg
	if wrap != nil {
		h = wrap(reg)
	}
	srv := start(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(srv.Close)
	return srv, reg
}

func hostPort(srv *httptest.Server) string { return srv.Listener.Addr().String() }

// push stores what without going through a server's middleware.
func push(t *testing.T, reg http.Handler, repo string, what gcr.Taggable) {
	t.Helper()
	ref, err := name.ParseReference("localhost:1/" + repo)
	must(err)
	opt := gcr.WithTransport(handlerTransport{reg})
	switch what := what.(type) {
	case v1.Image:
		err = gcr.Write(ref, what, opt)
	case v1.ImageIndex:
		err = gcr.WriteIndex(ref, what, opt)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// handlerTransport asks a handler without a connection.
type handlerTransport struct{ h http.Handler }

func (tr handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	tr.h.ServeHTTP(rec, req)
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

// content is the content of the image's only file.
func content(img *image.Image) (string, error) {
	var data []byte
	for e, err := range img.Layers()[0].Entries(context.Background()) {
		if err != nil {
			return "", err
		}
		if data, err = io.ReadAll(e); err != nil {
			return "", err
		}
	}
	return string(data), nil
}

// anonymous keeps the tests from the user's own credentials.
func anonymous() *remote.Options { return &remote.Options{Keychain: keychain{authn.Anonymous}} }

type keychain struct{ authn.Authenticator }

func (k keychain) Resolve(authn.Resource) (authn.Authenticator, error) { return k.Authenticator, nil }

func TestOpen(t *testing.T) {
	srv, reg := serve(t, httptest.NewServer, nil)
	img := makeImage("s390x", "hello")
	push(t, reg, "team/app:1", img)
	for _, ref := range []string{hostPort(srv) + "/team/app:1", hostPort(srv) + "/team/app@" + digestOf(img)} {
		got, err := remote.Open(t.Context(), ref, anonymous())
		if err != nil {
			t.Fatal(err)
		}
		if s, err := content(got); s != "hello" || err != nil {
			t.Errorf("content %q, %v", s, err)
		}
		s := got.Subject()
		if s.Name != ref || s.Digest != sbom.Digest(digestOf(img)) || s.Index != "" || s.Platform.String() != "linux/s390x" {
			t.Errorf("subject %+v", s)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenIndex(t *testing.T) {
	srv, reg := serve(t, httptest.NewServer, nil)
	idx := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: makeImage("s390x", "big endian"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}}},
		mutate.IndexAddendum{Add: makeImage("riscv64", "little"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "riscv64"}}})
	push(t, reg, "app:latest", idx)
	ref := hostPort(srv) + "/app"
	for arch, want := range map[string]string{"s390x": "big endian", "riscv64": "little"} {
		o := anonymous()
		o.Image.Platform = sbom.Platform{OS: "linux", Architecture: arch}
		img, err := remote.Open(t.Context(), ref, o)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := content(img); s != want || err != nil {
			t.Errorf("%s: content %q, %v", arch, s, err)
		}
		if s := img.Subject(); s.Index != sbom.Digest(digestOf(idx)) || s.Platform.Architecture != arch {
			t.Errorf("subject %+v", s)
		}
	}
	o := anonymous()
	o.Image.Platform = sbom.Platform{OS: "plan9", Architecture: "arm"}
	_, err := remote.Open(t.Context(), ref, o)
	var pe *image.PlatformError
	if !errors.As(err, &pe) || len(pe.Available) != 2 {
		t.Errorf("error = %v, want a PlatformError of 2", err)
	}
}

// A tag that is moved after opening changes nothing.
func TestTagIsResolvedOnce(t *testing.T) {
	srv, reg := serve(t, httptest.NewServer, nil)
	push(t, reg, "app:1", makeImage("amd64", "before"))
	img, err := remote.Open(t.Context(), hostPort(srv)+"/app:1", anonymous())
	if err != nil {
		t.Fatal(err)
	}
	push(t, reg, "app:1", makeImage("amd64", "after"))
	if s, err := content(img); s != "before" || err != nil {
		t.Errorf("content %q, %v", s, err)
	}
}

func TestTLS(t *testing.T) {
	srv, reg := serve(t, httptest.NewTLSServer, nil)
	push(t, reg, "app:1", makeImage("amd64", "hello"))
	ref := hostPort(srv) + "/app:1"
	o := anonymous()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	o.TLS = &tls.Config{RootCAs: roots}
	img, err := remote.Open(t.Context(), ref, o)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := content(img); s != "hello" || err != nil {
		t.Errorf("content %q, %v", s, err)
	}
	o.TLS = nil
	if _, err := remote.Open(t.Context(), ref, o); !errors.Is(err, remote.ErrCertificate) {
		t.Errorf("unknown authority: %v, want ErrCertificate", err)
	}
	// PlainHTTP means plain http, not unverified TLS.
	o.PlainHTTP = true
	if _, err := remote.Open(t.Context(), ref, o); err == nil {
		t.Error("unknown authority was accepted")
	}
}

// elsewhere is a transport that reaches srv under any name.
func elsewhere(srv *httptest.Server) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", hostPort(srv))
	}}
}

func TestPlainHTTP(t *testing.T) {
	srv, reg := serve(t, httptest.NewServer, nil)
	push(t, reg, "app:1", makeImage("amd64", "hello"))
	for _, host := range []string{"registry.example", "10.1.2.3:5000", "registry.local"} {
		o := anonymous()
		o.Transport = elsewhere(srv)
		_, err := remote.Open(t.Context(), host+"/app:1", o)
		if !errors.Is(err, remote.ErrPlainHTTP) || !strings.Contains(err.Error(), "Options.PlainHTTP") {
			t.Errorf("%s: error = %v, want ErrPlainHTTP", host, err)
		}
		o.PlainHTTP = true
		img, err := remote.Open(t.Context(), host+"/app:1", o)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		if s, err := content(img); s != "hello" || err != nil {
			t.Errorf("%s: content %q, %v", host, s, err)
		}
	}
}

func TestBasicAuth(t *testing.T) {
	srv, reg := serve(t, httptest.NewServer, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, pass, ok := r.BasicAuth(); !ok || user != "user" || pass != "secret" {
				w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	push(t, reg, "app:1", makeImage("amd64", "hello"))
	testAuth(t, hostPort(srv)+"/app:1")
}

func TestBearerAuth(t *testing.T) {
	var host string
	srv, reg := serve(t, httptest.NewServer, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				if user, pass, _ := r.BasicAuth(); user != "user" || pass != "secret" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				if got := r.URL.Query().Get("scope"); got != "repository:app:pull" {
					t.Errorf("scope %q: more than pulling was asked for", got)
				}
				fmt.Fprint(w, `{"token":"tok"}`)
				return
			}
			if r.Header.Get("Authorization") != "Bearer tok" {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="reg"`, host))
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	host = hostPort(srv)
	push(t, reg, "app:1", makeImage("amd64", "hello"))
	testAuth(t, host+"/app:1")
}

func testAuth(t *testing.T, ref string) {
	t.Helper()
	o := &remote.Options{Keychain: keychain{&authn.Basic{Username: "user", Password: "secret"}}}
	img, err := remote.Open(t.Context(), ref, o)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := content(img); s != "hello" || err != nil {
		t.Errorf("content %q, %v", s, err)
	}
	for _, auth := range []authn.Authenticator{authn.Anonymous, &authn.Basic{Username: "user", Password: "wr0ng"}} {
		_, err := remote.Open(t.Context(), ref, &remote.Options{Keychain: keychain{auth}})
		if !errors.Is(err, remote.ErrUnauthorized) {
			t.Errorf("error = %v, want ErrUnauthorized", err)
			continue
		}
		if s := err.Error(); !strings.Contains(s, "docker login") || strings.Contains(s, "wr0ng") {
			t.Errorf("message %q", s)
		}
	}
}

// tamper is middleware that answers some requests itself.
func tamper(answer func(w http.ResponseWriter, r *http.Request) bool) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !answer(w, r) {
				h.ServeHTTP(w, r)
			}
		})
	}
}

func TestBadRegistry(t *testing.T) {
	good, other := makeImage("amd64", "hello"), makeImage("amd64", "other")
	layers, err := good.Layers()
	must(err)
	layerDigest := digestOf(layers[0])
	rawLayer, err := layers[0].Compressed()
	must(err)
	layerBytes, err := io.ReadAll(rawLayer)
	must(err)
	otherManifest, err := other.RawManifest()
	must(err)
	manifest, err := good.RawManifest()
	must(err)
	var both map[string]any
	must(json.Unmarshal(manifest, &both))
	both["manifests"] = []any{}
	ambiguous, err := json.Marshal(both)
	must(err)
	serveBytes := func(part string, data []byte) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, part) {
				w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
				_, _ = w.Write(data)
			}
			return strings.Contains(r.URL.Path, part)
		}
	}
	status := func(part string, code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, part) {
				w.WriteHeader(code)
			}
			return strings.Contains(r.URL.Path, part)
		}
	}
	tests := []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request) bool
		ref    string // app:1 if empty
		want   error
		late   bool // the error comes from the layer
	}{
		{name: "no such tag", answer: status("none", 0), ref: "app:2", want: remote.ErrNotFound},
		{name: "no such repository", answer: status("none", 0), ref: "nothing/here", want: remote.ErrNotFound},
		{name: "no such digest", answer: status("none", 0), ref: "app@sha256:" + strings.Repeat("0", 64), want: remote.ErrNotFound},
		{name: "forbidden", answer: status("/manifests/", http.StatusForbidden), want: remote.ErrUnauthorized},
		{name: "rate limit", answer: status("/manifests/", http.StatusTooManyRequests), want: remote.ErrRateLimited},
		{name: "another manifest than the digest says", answer: serveBytes("/manifests/", otherManifest), ref: "app@" + digestOf(good), want: image.ErrDigest},
		{name: "manifest and index at once", answer: serveBytes("/manifests/", ambiguous), want: image.ErrCorrupt},
		{name: "index called a manifest", answer: serveBytes("/manifests/", []byte(`{"schemaVersion":2,"manifests":[]}`)), want: image.ErrCorrupt},
		{name: "schema 1", answer: serveBytes("/manifests/", []byte(`{"schemaVersion":1}`)), want: image.ErrUnsupported},
		{name: "no JSON", answer: serveBytes("/manifests/", []byte(`<html>`)), want: image.ErrCorrupt},
		{name: "manifest too large", answer: serveBytes("/manifests/", make([]byte, 5<<20)), want: image.ErrLimit},
		{name: "another config", answer: serveBytes("/blobs/", []byte(`{}`)), want: image.ErrDigest},
		{name: "another layer", answer: serveBytes(layerDigest, bytes.Replace(layerBytes, []byte("hello"), []byte("jello"), 1)), want: image.ErrDigest, late: true},
		{name: "truncated layer", answer: serveBytes(layerDigest, layerBytes[:700]), want: image.ErrDigest, late: true},
		{name: "longer layer", answer: serveBytes(layerDigest, append(bytes.Clone(layerBytes), "more"...)), want: image.ErrDigest, late: true},
		{name: "layer lost", answer: status(layerDigest, http.StatusNotFound), want: remote.ErrNotFound, late: true},
		{name: "connection lost in a layer", answer: func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, layerDigest) {
				return false
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(layerBytes)))
			_, _ = w.Write(layerBytes[:600])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, want: image.ErrDigest, late: true},
		{name: "redirect to plain http elsewhere", answer: func(w http.ResponseWriter, r *http.Request) bool {
			if strings.Contains(r.URL.Path, layerDigest) {
				http.Redirect(w, r, "http://storage.example/blob", http.StatusTemporaryRedirect)
			}
			return strings.Contains(r.URL.Path, layerDigest)
		}, want: remote.ErrPlainHTTP, late: true},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			srv, reg := serve(t, httptest.NewServer, tamper(tc.answer))
			push(t, reg, "app:1", good)
			ref := tc.ref
			if ref == "" {
				ref = "app:1"
			}
			img, err := remote.Open(t.Context(), hostPort(srv)+"/"+ref, anonymous())
			if tc.late {
				if err != nil {
					t.Fatal(err)
				}
				_, err = content(img)
			}
			if !errors.Is(err, tc.want) {
				t.Errorf("error = %v, want %v", err, tc.want)
			}
			if e := new(remote.Error); !tc.late && !errors.As(err, &e) {
				t.Errorf("error is a %T, want a *remote.Error", err)
			}
		})
	}
}

// A registry that sends its clients to services of their own network is refused.
func TestRedirectToPrivateAddress(t *testing.T) {
	good := makeImage("amd64", "hello")
	for _, to := range []string{"https://169.254.169.254/latest", "https://10.0.0.1/x", "https://[::1]/x", "https://localhost/x"} {
		asked := false
		srv, reg := serve(t, httptest.NewTLSServer, tamper(func(w http.ResponseWriter, r *http.Request) bool {
			asked = asked || !strings.HasPrefix(r.URL.Path, "/v2/")
			if strings.Contains(r.URL.Path, "/blobs/") {
				http.Redirect(w, r, to, http.StatusTemporaryRedirect)
				return true
			}
			return false
		}))
		push(t, reg, "app:1", good)
		o := anonymous()
		tr := elsewhere(srv)
		tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // The test's own server has no such name.
		o.Transport = tr
		_, err := remote.Open(t.Context(), "registry.example/app:1", o)
		if err == nil || !strings.Contains(err.Error(), "refused") || asked {
			t.Errorf("%s: error = %v, asked %v", to, err, asked)
		}
	}
}

func TestReferences(t *testing.T) {
	for _, ref := range []string{"", "UPPER/case", "a b", "https://registry.example/app", "app@sha256:12",
		"user:secret@registry.example/app", "user:secret@registry.example", "user:secret@registry.example/app@sha256:" + strings.Repeat("0", 64)} {
		_, err := remote.Open(t.Context(), ref, anonymous())
		if !errors.Is(err, remote.ErrReference) {
			t.Errorf("%q: error = %v, want ErrReference", ref, err)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the message repeats the password: %v", ref, err)
		}
	}
}

func TestUserAgent(t *testing.T) {
	var agents []string
	srv, reg := serve(t, httptest.NewServer, tamper(func(_ http.ResponseWriter, r *http.Request) bool {
		agents = append(agents, r.UserAgent())
		return false
	}))
	push(t, reg, "app:1", makeImage("amd64", "hello"))
	o := anonymous()
	o.UserAgent = "scanner/7"
	if _, err := remote.Open(t.Context(), hostPort(srv)+"/app:1", o); err != nil {
		t.Fatal(err)
	}
	for _, a := range agents {
		if !strings.HasPrefix(a, "scanner/7") {
			t.Errorf("user agent %q", a)
		}
	}
	if len(agents) == 0 {
		t.Error("nothing was asked")
	}
}

func TestCancel(t *testing.T) {
	srv, reg := serve(t, httptest.NewServer, nil)
	push(t, reg, "app:1", makeImage("amd64", "hello"))
	ctx, cancel := context.WithCancel(t.Context())
	img, err := remote.Open(ctx, hostPort(srv)+"/app:1", anonymous())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	// Opening is over: its context no longer matters to the layers.
	if s, err := content(img); s != "hello" || err != nil {
		t.Errorf("content %q, %v", s, err)
	}
	for _, err := range img.Layers()[0].Entries(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want context.Canceled", err)
		}
	}
	if _, err := remote.Open(ctx, hostPort(srv)+"/app:1", anonymous()); !errors.Is(err, context.Canceled) {
		t.Errorf("opening: %v", err)
	}
}
