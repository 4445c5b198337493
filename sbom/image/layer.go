package image

import (
	"context"
	"io"
	"iter"
	"sync/atomic"

	"github.com/imagetrust/imagetrust/sbom"
)

// Layer is one layer of an image. Its methods may be called concurrently.
type Layer struct {
	info       sbom.Layer
	opts       *Options
	blob       *blob
	unreadable error // why there is nothing to read
	dir        *directory

	uncompressed atomic.Int64 // length of the tar stream, once it was read
	plain        atomic.Bool  // the blob was read before and is not compressed
	tar          *seekStream
}

// Info returns what is known about the layer. UncompressedSize is 0 until Entries
// has come to the end of the layer.
func (l *Layer) Info() sbom.Layer {
	info := l.info
	info.UncompressedSize = l.uncompressed.Load()
	return info
}

// Limits returns the MaxEntries and MaxLayerBytes of the Options, or their defaults:
// Entries is an ErrLimit where a layer has more.
func (l *Layer) Limits() (entries int, bytes int64) { return l.opts.MaxEntries, l.opts.MaxLayerBytes }

// Entries returns the layer's entries in the order of its tar stream; for a
// directory, each directory before what is in it, by name. Every call reads the
// layer again; several may run at a time.
//
// The iteration ends with a nil Entry and an error when the layer cannot be read
// further: a *LayerError of ErrDigest, ErrCorrupt, ErrLimit, ErrUnsupported,
// ErrEncrypted, ErrMissing or ErrForeign, or of what the source or ctx says. The
// digests of the blob and of the tar stream are verified at the end, when every
// byte has been read: until the iteration has ended without an error, entries
// are unverified. Breaking off early verifies nothing. ErrTrailing comes last,
// after everything was verified.
//
// Content that the caller does not read is hashed and skipped, not copied.
func (l *Layer) Entries(ctx context.Context) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		if l.dir != nil {
			l.dir.entries(ctx, l, yield)
			return
		}
		l.entries(ctx, yield)
	}
}

func (l *Layer) entries(ctx context.Context, yield func(*Entry, error) bool) {
	s, err := l.openStream(ctx)
	if err != nil {
		yield(nil, l.fail("", err))
		return
	}
	defer s.close()
	last := ""
	for {
		e, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			if e != nil {
				last = e.Path
			}
			yield(nil, l.fail(last, err))
			return
		}
		last = e.Path
		more := yield(e, nil)
		if c, ok := e.r.(*content); ok {
			c.over = true
		}
		if !more {
			return
		}
	}
	if err := s.finish(); err != nil {
		yield(nil, l.fail("", err))
	}
}

// fail makes a LayerError of err.
func (l *Layer) fail(path string, err error) *LayerError {
	return &LayerError{Layer: *l.info.Ref(), Path: path, Err: err}
}

// section returns a reader of a part of the layer's tar stream, which Entries has
// read before. It verifies nothing.
func (l *Layer) section(off, n int64) (io.ReadCloser, error) {
	if l.plain.Load() && l.blob.section != nil {
		return l.blob.section(off, n)
	}
	return l.tar.section(context.Background(), off, n), nil
}

// openTar opens the decompressed tar stream, without verifying anything.
func (l *Layer) openTar(ctx context.Context) (io.ReadCloser, error) {
	raw, err := l.blob.open(ctx)
	if err != nil {
		return nil, err
	}
	rc, err := l.opts.decompressAny(raw)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return rc, nil
}

// openNth returns the content of the entry with the given ordinal. Sparse files
// are read so, since their bytes do not lie in the tar stream as they are.
func (l *Layer) openNth(ordinal int) (io.ReadCloser, error) {
	s, err := l.openStream(context.Background())
	if err != nil {
		return nil, err
	}
	for {
		e, err := s.next()
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			s.close()
			return nil, l.fail("", err)
		}
		if e.ordinal == ordinal {
			return &nthFile{e, s}, nil
		}
	}
}

type nthFile struct {
	*Entry
	s *tarStream
}

func (f *nthFile) Close() error {
	f.s.close()
	return nil
}
