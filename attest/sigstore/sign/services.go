package sign

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/imagetrust/imagetrust/attest/internal/strictjson"
)

// ErrOptions says that options contradict themselves, lack something, or name a
// service whose connection is not protected.
var ErrOptions = errors.New("sign: unusable options")

// ErrConfig says that a signing config is malformed, or has no service that is valid
// and of a version that this package speaks.
var ErrConfig = errors.New("sign: unusable signing config")

// Services are the services of a Sigstore instance, by their addresses. Addresses must
// be https, or on the loopback.
type Services struct {
	// Fulcio is the certificate authority: "https://fulcio.sigstore.dev".
	Fulcio string
	// Logs are the transparency logs that each signature is entered in.
	Logs []Log
	// Timestamps are the timestamp authorities of which each signature gets a
	// timestamp, with their paths: "https://timestamp.sigstore.dev/api/v1/timestamp".
	Timestamps []string
}

// Log is a transparency log.
type Log struct {
	// URL is its address: "https://rekor.sigstore.dev".
	URL string
	// Version is the major version of its interface: 1, also if it is 0, or 2. Logs of
	// version 2 give no time, so that a certificate needs a timestamp as well.
	Version int
}

// ParseConfig reads which services to use at the given time out of a signing config in
// JSON, version 0.2. Where the config wants any one of several, or some of them, they are
// drawn by lot. The error is an ErrConfig.
func ParseConfig(config []byte, at time.Time) (Services, error) {
	s, err := parseConfig(config, at)
	if err != nil {
		return Services{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return s, nil
}

func parseConfig(config []byte, at time.Time) (s Services, err error) {
	if err := strictjson.Check(config); err != nil {
		return s, err
	}
	c, err := root.NewSigningConfigFromJSON(config)
	if err != nil {
		return s, err
	}
	if cas := c.FulcioCertificateAuthorityURLs(); len(cas) > 0 {
		ca, err := root.SelectService(cas, sign.FulcioAPIVersions, at)
		if err != nil {
			return s, fmt.Errorf("certificate authorities: %w", err)
		}
		s.Fulcio = ca.URL
	}
	if logs := c.RekorLogURLs(); len(logs) > 0 {
		chosen, err := root.SelectServices(logs, c.RekorLogURLsConfig(), sign.RekorAPIVersions, at)
		if err != nil {
			return s, fmt.Errorf("logs: %w", err)
		}
		for _, l := range chosen {
			s.Logs = append(s.Logs, Log{l.URL, int(l.MajorAPIVersion)})
		}
	}
	if authorities := c.TimestampAuthorityURLs(); len(authorities) > 0 {
		chosen, err := root.SelectServices(authorities, c.TimestampAuthorityURLsConfig(), sign.TimestampAuthorityAPIVersions, at)
		if err != nil {
			return s, fmt.Errorf("timestamp authorities: %w", err)
		}
		for _, a := range chosen {
			s.Timestamps = append(s.Timestamps, a.URL)
		}
	}
	return s, nil
}

// check wants addresses over which an identity token may go.
func (s *Services) check() error {
	var addresses []string
	if s.Fulcio != "" {
		addresses = append(addresses, s.Fulcio)
	}
	for _, l := range s.Logs {
		if l.Version < 0 || l.Version > 2 {
			return fmt.Errorf("%w: log %s of version %d", ErrOptions, l.URL, l.Version)
		}
		addresses = append(addresses, l.URL)
	}
	for _, a := range append(addresses, s.Timestamps...) {
		u, err := url.Parse(a)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrOptions, err)
		}
		if u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
			return fmt.Errorf("%w: %q is not https", ErrOptions, a)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// proveTime reports whether a certificate gets a trusted time.
func (s *Services) proveTime() bool {
	for _, l := range s.Logs {
		if l.Version < 2 {
			return true
		}
	}
	return len(s.Timestamps) > 0
}
