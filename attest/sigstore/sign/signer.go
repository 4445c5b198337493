package sign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/imagetrust/imagetrust/attest"
	"github.com/imagetrust/imagetrust/attest/sigstore"
)

// Options say how to sign. Either Token or Key is needed, and with Token, Services.Fulcio
// and something that proves the time: a log of version 1 or a timestamp authority.
type Options struct {
	// Services are what is asked for certificates, log entries and timestamps.
	Services Services
	// Token returns an identity token (OpenID Connect) whose audience is Fulcio's,
	// "sigstore" for the public instance. It is called once for each signature; where the
	// token comes from, a CI's endpoint or a browser, is the caller's.
	Token func(ctx context.Context) (string, error)
	// Key signs. With Token nil is usual: each signature gets a new P-256 key that nobody
	// keeps.
	Key crypto.Signer
	// Root, if not nil, is the instance's trusted root: what the services return is
	// verified before Sign returns it, so that nothing is published that nobody can verify.
	Root []byte
	// Timeout bounds each request; 0 means 30 seconds. The context of Sign bounds all.
	Timeout time.Duration
	// Retries is how often a request that a service failed to answer is repeated.
	Retries uint
	// Transport makes the requests to Fulcio and the timestamp authorities; nil is
	// http.DefaultTransport.
	Transport http.RoundTripper
}

// Signer signs statements with the services of a Sigstore instance. It may be used by
// several goroutines if its Token and Key may.
type Signer struct {
	opts Options
}

// New returns a signer. It asks no service yet. The error is an ErrOptions, an
// attest.ErrKey or, for Root, an attest.ErrRoot.
func New(opts Options) (*Signer, error) {
	if err := opts.Services.check(); err != nil {
		return nil, err
	}
	switch {
	case opts.Token == nil && opts.Key == nil:
		return nil, fmt.Errorf("%w: neither Token nor Key", ErrOptions)
	case opts.Token != nil && opts.Services.Fulcio == "":
		return nil, fmt.Errorf("%w: a token needs Fulcio", ErrOptions)
	case opts.Token != nil && !opts.Services.proveTime():
		return nil, fmt.Errorf("%w: nothing would prove that the certificate was valid: give a timestamp authority", ErrOptions)
	}
	if opts.Key != nil {
		if _, err := attest.KeyID(opts.Key.Public()); err != nil {
			return nil, err
		}
	}
	s := &Signer{opts: opts}
	if opts.Root != nil { // say now what would be wrong after signing
		if _, err := s.verifier(opts.Key); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Sign implements [attest.Signer]. It returns a bundle v0.3 with what the services
// gave. Errors are those of the services, of Token, and of the statement; with Root also
// an attest.VerifyError.
func (s *Signer) Sign(ctx context.Context, st *attest.Statement) (*attest.Bundle, error) {
	payload, err := st.MarshalJSON()
	if err != nil {
		return nil, err
	}
	key := s.opts.Key
	if key == nil {
		if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	pair, err := newKeypair(key)
	if err != nil {
		return nil, err
	}
	options, err := s.bundleOptions(ctx)
	if err != nil {
		return nil, err
	}
	pb, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: attest.PayloadType}, pair, options)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	b, err := encode(pb)
	if err != nil || s.opts.Root == nil {
		return b, err
	}
	if err := s.check(ctx, b, st, key); err != nil {
		return nil, err
	}
	return b, nil
}

// bundleOptions names the services.
func (s *Signer) bundleOptions(ctx context.Context) (sign.BundleOptions, error) {
	transport := within{ctx, s.opts.Transport}
	o := sign.BundleOptions{Context: ctx}
	if s.opts.Token != nil {
		token, err := s.opts.Token(ctx)
		if err != nil {
			return o, fmt.Errorf("sign: identity token: %w", err)
		}
		o.CertificateProvider = sign.NewFulcio(&sign.FulcioOptions{BaseURL: s.opts.Services.Fulcio, Timeout: s.opts.Timeout, Retries: s.opts.Retries, Transport: transport})
		o.CertificateProviderOptions = &sign.CertificateProviderOptions{IDToken: token}
	}
	for _, url := range s.opts.Services.Timestamps {
		o.TimestampAuthorities = append(o.TimestampAuthorities, sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{
			URL: url, Timeout: s.opts.Timeout, Retries: s.opts.Retries, Transport: transport,
		}))
	}
	for _, l := range s.opts.Services.Logs {
		o.TransparencyLogs = append(o.TransparencyLogs, sign.NewRekor(&sign.RekorOptions{
			BaseURL: l.URL, Timeout: s.opts.Timeout, Retries: s.opts.Retries, Version: uint32(l.Version),
		}))
	}
	return o, nil
}

// encode writes protobuf JSON compactly: protojson adds white space at random.
func encode(pb *protobundle.Bundle) (*attest.Bundle, error) {
	raw, err := protojson.Marshal(pb)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return attest.ParseBundle(compact.Bytes())
}

// check verifies what the services returned.
func (s *Signer) check(ctx context.Context, b *attest.Bundle, st *attest.Statement, key crypto.Signer) error {
	v, err := s.verifier(key)
	if err != nil {
		return err
	}
	for algorithm, hex := range st.Subject[0].Digest {
		d := attest.Digest(algorithm + ":" + hex)
		if d.Validate() == nil {
			_, err := v.Verify(ctx, b, d)
			return err
		}
	}
	return fmt.Errorf("%w: the first subject has none", attest.ErrDigest)
}

// verifier trusts the key, or whomever Fulcio certified: who that is the caller
// knows, as the token is theirs.
func (s *Signer) verifier(key crypto.Signer) (*attest.TrustVerifier, error) {
	trust := attest.Trust{
		Root:             s.opts.Root,
		RequireTimestamp: len(s.opts.Services.Timestamps) > 0,
		RequireLog:       len(s.opts.Services.Logs) > 0,
	}
	if s.opts.Token == nil {
		trust.Keys = []attest.Key{{Public: key.Public()}}
		return sigstore.NewVerifier(trust)
	}
	trust.InsecureSkipLog = !trust.RequireLog
	trust.Identities = []attest.TrustedIdentity{{IssuerPattern: `^(?s:.+)$`, SANPattern: `^(?s:.+)$`}}
	return sigstore.NewVerifier(trust)
}
