package sign_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/internal/sigstoretest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
	"github.com/imagetrust/imagetrust/attest/sigstore/sign"
)

const (
	subject = attest.Digest("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")
	issuer  = "https://issuer.example"
	email   = "release@example.com"
)

var at = sigstoretest.Start.Add(24 * time.Hour)

func newStatement(t testing.TB) *attest.Statement {
	t.Helper()
	st, err := attest.NewStatement(attest.Custom("https://example.com/p/v1", map[string]bool{"ok": true}), attest.NewSubject("app", subject))
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func token(context.Context) (string, error) { return sigstoretest.Token(issuer, email, "x"), nil }

// TestKeyless signs with each combination of services, and verifies.
func TestKeyless(t *testing.T) {
	in := sigstoretest.New(t)
	url := in.Serve(at)
	stamp := []string{url + "/timestamp"}
	for name, tt := range map[string]struct {
		services sign.Services
		kinds    []string
		times    int
	}{
		"Rekor v1":               {sign.Services{Logs: []sign.Log{{URL: url}}}, []string{"dsse 0.0.1"}, 1},
		"Rekor v1 and timestamp": {sign.Services{Logs: []sign.Log{{URL: url, Version: 1}}, Timestamps: stamp}, []string{"dsse 0.0.1"}, 2},
		"Rekor v2 and timestamp": {sign.Services{Logs: []sign.Log{{URL: url, Version: 2}}, Timestamps: stamp}, []string{"hashedrekord 0.0.2"}, 1},
		"timestamp alone":        {sign.Services{Timestamps: stamp}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			tt.services.Fulcio = url
			signer, err := sign.New(sign.Options{Services: tt.services, Token: token, Root: in.Root()})
			if err != nil {
				t.Fatal(err)
			}
			b, err := signer.Sign(t.Context(), newStatement(t))
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := sigstore.NewVerifier(attest.Trust{
				Root: in.Root(), Identities: []attest.TrustedIdentity{{Issuer: issuer, SAN: email}}, InsecureSkipLog: tt.kinds == nil,
			})
			if err != nil {
				t.Fatal(err)
			}
			v, err := verifier.Verify(t.Context(), b, subject)
			if err != nil {
				t.Fatal(err)
			}
			var kinds []string
			for _, e := range v.Log() {
				kinds = append(kinds, e.Kind)
			}
			if b.MediaType() != attest.BundleMediaType || !slices.Equal(kinds, tt.kinds) || len(v.Times()) != tt.times || v.Signer().SAN != email {
				t.Errorf("%s: log %v, times %v, by %+v", b.MediaType(), v.Log(), v.Times(), v.Signer())
			}
		})
	}
}

// TestKeyWithServices: a key that lives longer gets entries and timestamps, too.
func TestKeyWithServices(t *testing.T) {
	in := sigstoretest.New(t)
	url := in.Serve(at)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"P-256": p256, "RSA": rsa2048, "Ed25519": ed} {
		t.Run(name, func(t *testing.T) {
			signer, err := sign.New(sign.Options{
				Services: sign.Services{Logs: []sign.Log{{URL: url, Version: 1}}, Timestamps: []string{url + "/timestamp"}}, Key: key, Root: in.Root(),
			})
			if err != nil {
				t.Fatal(err)
			}
			b, err := signer.Sign(t.Context(), newStatement(t))
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := sigstore.NewVerifier(attest.Trust{
				Root: in.Root(), Keys: []attest.Key{{Public: key.Public(), NotAfter: at.Add(time.Hour)}}, RequireLog: true, RequireTimestamp: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			if v, err := verifier.Verify(t.Context(), b, subject); err != nil || !v.Time().Equal(at) {
				t.Errorf("at %s: %v", v.Time(), err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://sigstore.example"
	for name, tt := range map[string]struct {
		opts sign.Options
		want error
	}{
		"nothing":                   {sign.Options{}, sign.ErrOptions},
		"a token without Fulcio":    {sign.Options{Token: token, Services: sign.Services{Timestamps: []string{url}}}, sign.ErrOptions},
		"a certificate of no time":  {sign.Options{Token: token, Services: sign.Services{Fulcio: url, Logs: []sign.Log{{URL: url, Version: 2}}}}, sign.ErrOptions},
		"Fulcio in the clear":       {sign.Options{Token: token, Services: sign.Services{Fulcio: "http://sigstore.example", Timestamps: []string{url}}}, sign.ErrOptions},
		"no address":                {sign.Options{Key: key, Services: sign.Services{Logs: []sign.Log{{URL: "rekor.example"}}}}, sign.ErrOptions},
		"an unknown version":        {sign.Options{Key: key, Services: sign.Services{Logs: []sign.Log{{URL: url, Version: 3}}}}, sign.ErrOptions},
		"a root that is none":       {sign.Options{Key: key, Root: []byte("{")}, attest.ErrRoot},
		"a loopback look-alike":     {sign.Options{Key: key, Services: sign.Services{Logs: []sign.Log{{URL: "http://127.0.0.1.example"}}}}, sign.ErrOptions},
		"a key that cannot be used": {sign.Options{Key: unusable{}}, attest.ErrKey},
	} {
		if s, err := sign.New(tt.opts); s != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type unusable struct{ crypto.Signer }

func (unusable) Public() crypto.PublicKey { return "key" }

// TestServicesFail: what the services do wrong is an error, and no bundle.
func TestServicesFail(t *testing.T) {
	in, other := sigstoretest.New(t), sigstoretest.New(t)
	url, foreign := in.Serve(at), other.Serve(at)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	defer broken.Close()
	nobody := errors.New("nobody is here")
	good := sign.Services{Fulcio: url, Logs: []sign.Log{{URL: url}}}
	for name, tt := range map[string]struct {
		change func(o *sign.Options)
		want   error
	}{
		"no token":       {func(o *sign.Options) { o.Token = func(context.Context) (string, error) { return "", nobody } }, nobody},
		"Fulcio refuses": {func(o *sign.Options) { o.Services.Fulcio = broken.URL }, nil},
		"the log refuses": {func(o *sign.Options) {
			o.Services.Logs = []sign.Log{{URL: broken.URL, Version: 2}}
			o.Services.Timestamps = []string{url + "/timestamp"}
		}, nil},
		"no timestamp":          {func(o *sign.Options) { o.Services.Timestamps = []string{broken.URL} }, nil},
		"another certificate":   {func(o *sign.Options) { o.Services.Fulcio = foreign }, attest.ErrEvidence},
		"another log":           {func(o *sign.Options) { o.Services.Logs = []sign.Log{{URL: foreign}} }, attest.ErrEvidence},
		"another time":          {func(o *sign.Options) { o.Services.Timestamps = []string{foreign + "/timestamp"} }, attest.ErrEvidence},
		"a statement of no use": {func(o *sign.Options) {}, attest.ErrStatement},
	} {
		t.Run(name, func(t *testing.T) {
			opts := sign.Options{Services: good, Token: token, Root: in.Root()}
			tt.change(&opts)
			signer, err := sign.New(opts)
			if err != nil {
				t.Fatal(err)
			}
			st := newStatement(t)
			if tt.want == attest.ErrStatement {
				st.Type = "x"
			}
			if b, err := signer.Sign(t.Context(), st); err == nil || b != nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v", b, err)
			}
		})
	}
}

// TestContextEndsRequests: a service that never answers does not hold Sign.
func TestContextEndsRequests(t *testing.T) {
	asked := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client leaves
		asked <- struct{}{}
		cancel()
		<-r.Context().Done()
	}))
	defer silent.Close()
	signer, err := sign.New(sign.Options{Services: sign.Services{Fulcio: silent.URL, Logs: []sign.Log{{URL: silent.URL}}}, Token: token, Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign(ctx, newStatement(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-asked
}

func TestParseConfig(t *testing.T) {
	const head = `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",`
	service := func(url, version, start, end string) string {
		if end != "" {
			end = `,"end":"` + end + `"`
		}
		return `{"url":"` + url + `","majorApiVersion":` + version + `,"validFor":{"start":"` + start + `"` + end + `},"operator":"` + url + `"}`
	}
	config := head + `"caUrls":[` + service("https://ca", "1", "2020-01-01T00:00:00Z", "") + `],
 "rekorTlogUrls":[` + service("https://one", "1", "2020-01-01T00:00:00Z", "") + `,` + service("https://two", "2", "2025-01-01T00:00:00Z", "") + `],
 "tsaUrls":[` + service("https://old", "1", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z") + `,` + service("https://new", "1", "2021-01-01T00:00:00Z", "") + `],
 "rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"ALL"}}`
	for at, want := range map[string]sign.Services{
		"2020-06-01T00:00:00Z": {Fulcio: "https://ca", Logs: []sign.Log{{"https://one", 1}}, Timestamps: []string{"https://old"}},
		"2026-06-01T00:00:00Z": {Fulcio: "https://ca", Logs: []sign.Log{{"https://two", 2}}, Timestamps: []string{"https://new"}},
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sign.ParseConfig([]byte(config), when)
		if err != nil || got.Fulcio != want.Fulcio || !slices.Equal(got.Logs, want.Logs) || !slices.Equal(got.Timestamps, want.Timestamps) {
			t.Errorf("%s: %+v, %v", at, got, err)
		}
	}
	for name, bad := range map[string]string{
		"no JSON":        "{",
		"a double":       strings.Replace(config, `"caUrls":`, `"caUrls":[],"caUrls":`, 1),
		"too early":      strings.ReplaceAll(config, "2020", "2050"),
		"unknown kind":   `{"mediaType":"x"}`,
		"version 3 only": head + `"caUrls":[` + service("https://ca", "3", "2020-01-01T00:00:00Z", "") + `]}`,
	} {
		if got, err := sign.ParseConfig([]byte(bad), at); !errors.Is(err, sign.ErrConfig) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
