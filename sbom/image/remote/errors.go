package remote

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

var (
	// ErrReference: the reference is not the name of an image.
	ErrReference = errors.New("malformed reference")
	// ErrNotFound: the registry has no such repository, tag, manifest or blob.
	ErrNotFound = errors.New("not found")
	// ErrUnauthorized: the registry wants credentials, or others than it got.
	ErrUnauthorized = errors.New("access denied")
	// ErrRateLimited: the registry wants to be asked less often.
	ErrRateLimited = errors.New("rate limit reached")
	// ErrPlainHTTP: the registry, or where it sends its clients, offers no TLS.
	ErrPlainHTTP = errors.New("plain http refused")
	// ErrCertificate: the registry's certificate is not trusted.
	ErrCertificate = errors.New("certificate not trusted")
)

// Error is an error of asking a registry.
type Error struct {
	// Ref is the reference that was to be opened; empty if it may hold
	// credentials.
	Ref string
	// Kind is one of this package's errors, nil for all others.
	Kind error
	// Err is the reason.
	Err error
}

// Error says what went wrong and, where that is known, what to do.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("remote: ")
	if e.Ref != "" {
		b.WriteString(e.Ref + ": ")
	}
	if e.Kind != nil && !errors.Is(e.Err, e.Kind) {
		b.WriteString(e.Kind.Error() + ": ")
	}
	b.WriteString(e.Err.Error())
	if a := advice(e.Kind); a != "" {
		b.WriteString(" (" + a + ")")
	}
	return b.String()
}

// Unwrap returns Kind and Err.
func (e *Error) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.Err}
	}
	return []error{e.Kind, e.Err}
}

func advice(kind error) string {
	switch kind {
	case ErrReference:
		return "a reference is [REGISTRY/]REPOSITORY[:TAG|@DIGEST]"
	case ErrNotFound:
		return "check the spelling of repository and tag"
	case ErrUnauthorized:
		return "log in with docker login or set Options.Keychain; registries answer the same for a repository that does not exist"
	case ErrRateLimited:
		return "wait, or log in for a higher limit"
	case ErrPlainHTTP:
		return "set Options.PlainHTTP if the network on the way is trusted"
	case ErrCertificate:
		return "add the registry's authority to Options.TLS.RootCAs"
	}
	return ""
}

// explain makes an *Error of err.
func explain(ref string, err error) error {
	var done *Error
	if errors.As(err, &done) {
		return err
	}
	if mayHoldCredentials(ref) {
		ref = ""
	}
	return &Error{Ref: ref, Kind: kindOf(err), Err: err}
}

func kindOf(err error) error {
	for _, kind := range []error{ErrReference, ErrPlainHTTP} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	var untrusted *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &untrusted), errors.As(err, new(x509.UnknownAuthorityError)), errors.As(err, new(x509.HostnameError)):
		return ErrCertificate
	case errors.As(err, &noTLS), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return ErrPlainHTTP
	}
	var status *transport.Error
	if errors.As(err, &status) {
		switch status.StatusCode {
		case http.StatusNotFound:
			return ErrNotFound
		case http.StatusUnauthorized, http.StatusForbidden:
			return ErrUnauthorized
		case http.StatusTooManyRequests:
			return ErrRateLimited
		}
	}
	return nil
}
