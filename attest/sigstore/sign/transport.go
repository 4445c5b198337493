package sign

import (
	"context"
	"io"
	"net/http"
)

// within makes requests end with the context of Sign, which the clients do not do.
type within struct {
	ctx  context.Context
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	next := w.next
	if next == nil {
		next = http.DefaultTransport
	}
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := context.AfterFunc(w.ctx, func() { cancel(w.ctx.Err()) })
	resp, err := next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		stop()
		cancel(err)
		return nil, err
	}
	resp.Body = &ending{resp.Body, func() { stop(); cancel(nil) }}
	return resp, nil
}

// ending is a body after whose end something is cleaned up.
type ending struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (e *ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}
