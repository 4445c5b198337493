package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/imagetrust/imagetrust/sbom"
)

// blob is stored bytes that can be read any number of times.
type blob struct {
	// size is what the store says; -1 if it does not know.
	size int64
	// head is the first bytes, if they are known without reading.
	head []byte
	// streamed: what lies before the blob has to be decompressed for it.
	streamed bool
	// open reads from the beginning.
	open func(ctx context.Context) (io.ReadCloser, error)
	// section reads a part, cheaply; nil when only open will do.
	section func(off, n int64) (io.ReadCloser, error)
}

// store finds blobs by their path in a layout or archive. The error for a path
// that is not there is an ErrMissing.
type store interface {
	blob(name string) (*blob, error)
}

// readAll returns the whole blob, which may have up to limit bytes.
func (b *blob) readAll(ctx context.Context, name string, limit int64) ([]byte, error) {
	if b.size > limit {
		return nil, fmt.Errorf("%s: %w: %d bytes, at most %d", name, ErrLimit, b.size, limit)
	}
	if b.streamed {
		// Small JSON is kept while there is room. Many manifests that are not would cost
		// a pass over the archive each.
		return nil, fmt.Errorf("%s: %w: a compressed archive has more than %d bytes of JSON, or it is none", name, ErrLimit, maxCachedBytes)
	}
	rc, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	data, err := io.ReadAll(io.LimitReader(rc, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: %w: more than %d bytes", name, ErrLimit, limit)
	}
	return data, nil
}

func readNamed(ctx context.Context, s store, name string, limit int64) ([]byte, error) {
	b, err := s.blob(name)
	if err != nil {
		return nil, err
	}
	return b.readAll(ctx, name, limit)
}

// newHash returns the hash of d's algorithm, and nil for an empty digest.
func newHash(d sbom.Digest) (hash.Hash, error) {
	if d == "" {
		return nil, nil
	}
	if _, err := sbom.ParseDigest(string(d)); err != nil {
		return nil, fmt.Errorf("digest %q: %w", d, ErrUnsupported)
	}
	switch d.Algorithm() {
	case "sha256":
		return sha256.New(), nil
	case "sha384":
		return sha512.New384(), nil
	case "sha512":
		return sha512.New(), nil
	}
	return nil, fmt.Errorf("digest algorithm %s: %w", d.Algorithm(), ErrUnsupported)
}

func sum(h hash.Hash, like sbom.Digest) sbom.Digest {
	return sbom.Digest(fmt.Sprintf("%s:%x", like.Algorithm(), h.Sum(nil)))
}

// verify checks bytes against the digest and size that refer to them. A negative
// size is not known.
func verify(what string, data []byte, want sbom.Digest, size int64) error {
	if size >= 0 && size != int64(len(data)) {
		return &DigestError{What: what, Want: want, WantSize: size, GotSize: int64(len(data))}
	}
	h, err := newHash(want)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if h == nil {
		return nil
	}
	h.Write(data)
	if got := sum(h, want); got != want {
		return &DigestError{What: what, Want: want, Got: got}
	}
	return nil
}

// bytesBlob is a blob in memory.
func bytesBlob(data []byte) *blob {
	return &blob{
		size: int64(len(data)),
		open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

var errClosed = errors.New("image: closed")

// seekStream reads parts of something that can only be read from its beginning,
// such as a compressed file. Parts read in rising order cost one pass: the
// stream that one reader leaves behind is taken up by the next.
type seekStream struct {
	open func(ctx context.Context) (io.ReadCloser, error)

	mu     sync.Mutex
	idle   *cursor
	closed bool
}

type cursor struct {
	io.ReadCloser
	pos int64
}

// section returns a reader of n bytes from off. Nothing is opened before the first
// Read. A stream that ends early is an io.ErrUnexpectedEOF.
func (s *seekStream) section(ctx context.Context, off, n int64) io.ReadCloser {
	return &streamSection{ctx: ctx, s: s, off: off, left: n}
}

func (s *seekStream) take(ctx context.Context, off int64) (*cursor, error) {
	s.mu.Lock()
	c, closed := s.idle, s.closed
	if c != nil && c.pos <= off {
		s.idle = nil
	} else {
		c = nil
	}
	s.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	if c == nil {
		rc, err := s.open(ctx)
		if err != nil {
			return nil, err
		}
		c = &cursor{ReadCloser: rc}
	}
	n, err := io.CopyN(io.Discard, interruptible{ctx, c}, off-c.pos)
	c.pos += n
	if err != nil {
		_ = c.Close()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return c, nil
}

// interruptible stops reading when ctx is done.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(p []byte) (int, error) {
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	return i.r.Read(p)
}

// give returns a stream that is in order. The one that is further on is kept for
// the next reader.
func (s *seekStream) give(c *cursor) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = c.Close()
		return
	}
	old := s.idle
	s.idle = c
	s.mu.Unlock()
	if old != nil {
		_ = old.Close()
	}
}

func (s *seekStream) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.idle == nil {
		return nil
	}
	c := s.idle
	s.idle = nil
	return c.Close()
}

type streamSection struct {
	ctx       context.Context // of the iteration that the section is read for
	s         *seekStream
	c         *cursor
	off, left int64
	err       error
}

func (r *streamSection) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	if r.c == nil {
		if r.c, r.err = r.s.take(r.ctx, r.off); r.err != nil {
			return 0, r.err
		}
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.c.Read(p)
	r.left -= int64(n)
	r.c.pos += int64(n)
	switch {
	case err == io.EOF && r.left > 0:
		err = io.ErrUnexpectedEOF
		r.err = err
	case err == io.EOF:
		// The stream is at its end, and so is the section: nobody can go on.
		r.err = io.EOF
		if n > 0 {
			err = nil
		}
	case err != nil:
		r.err = err
	}
	return n, err
}

func (r *streamSection) Close() error {
	c := r.c
	bad := r.err != nil
	r.c, r.err = nil, errClosed
	if c == nil {
		return nil
	}
	if bad {
		return c.Close()
	}
	r.s.give(c)
	return nil
}
