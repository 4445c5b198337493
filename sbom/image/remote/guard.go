package remote

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// schemeGuard refuses plain http where it is not allowed, whoever asks for it: the
// registry's name, a redirect or a token server.
type schemeGuard struct {
	inner     http.RoundTripper
	plainHTTP bool
}

func (g *schemeGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !g.plainHTTP && !isLoopback(req.URL.Host) {
		return nil, fmt.Errorf("%w: %s", ErrPlainHTTP, req.URL.Host)
	}
	return g.inner.RoundTrip(req)
}

// isLoopback reports whether the host that a URL's authority or a reference
// begins with is this machine itself, by address or as "localhost".
func isLoopback(hostport string) bool {
	host, _, _ := strings.Cut(hostport, "/")
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// checkRedirect refuses redirects from elsewhere to private addresses, by which a
// registry could make this program ask services of its own network.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	from, to := via[0].URL.Hostname(), req.URL.Hostname()
	if from == to {
		return nil
	}
	if strings.EqualFold(to, "localhost") {
		return fmt.Errorf("redirect from %s to %s refused", from, to)
	}
	if addr, err := netip.ParseAddr(to); err == nil {
		addr = addr.Unmap()
		if addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsUnspecified() {
			return fmt.Errorf("redirect from %s to the private address %s refused", from, to)
		}
	}
	return nil
}
