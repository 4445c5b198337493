package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"runtime"

	"github.com/imagetrust/imagetrust/sbom"
)

// stored reads a blob as it is stored: it counts, and stops one byte behind the size
// that the blob should have.
type stored struct {
	ctx  context.Context // of the iteration
	r    io.Reader
	n    int64
	want int64 // -1 if not known
	most int64
}

// mostStored is the most bytes that a layer may have as it is stored: more than any
// compression makes of the most that it may have uncompressed. Frames that a decompressor
// skips, and what is read behind an error for the digest, count nowhere else.
func mostStored(o *Options) int64 {
	const slack = 1 << 20
	if o.MaxLayerBytes > (math.MaxInt64-slack)/2 {
		return math.MaxInt64
	}
	return 2*o.MaxLayerBytes + slack
}

// sourceError marks errors of reading the blob, as against those in its bytes.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

// interrupted returns an error when nobody wants the iteration any more. It is asked
// where bytes come out too, and not only where they go in: a few that are stored can
// become gigabytes, and a hole in a file has none.
func (s *stored) interrupted() error {
	if s.ctx.Err() == nil {
		return nil
	}
	return sourceError{context.Cause(s.ctx)}
}

func (s *stored) Read(p []byte) (int, error) {
	if err := s.interrupted(); err != nil {
		return 0, err
	}
	if s.n > s.most {
		return 0, sourceError{fmt.Errorf("%w: more than %d stored bytes", ErrLimit, s.most)}
	}
	if s.want >= 0 {
		left := s.want + 1 - s.n
		if left <= 0 {
			return 0, io.EOF
		}
		p = p[:min(int64(len(p)), left)]
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = sourceError{err}
	}
	return n, err
}

// tarStream is the uncompressed tar stream of a layer while it is read. It is the
// io.Reader, and for skipping the io.Seeker, of its own tar.Reader.
type tarStream struct {
	layer  *Layer
	cancel context.CancelFunc
	raw    io.Closer
	in     *stored
	src    io.Reader  // in, with what of it was looked at before, hashed
	ahead  *hashAhead // src, if it reads ahead
	sum    hash.Hash  // of the blob; nil when its digest is not known
	dec    io.ReadCloser
	kind   Compression

	chunks  chunks
	cur     []byte
	pos     int64 // of the next byte of cur
	lent    int64 // how far pos is ahead of where tar is: content that was lent
	fetched int64 // bytes got from chunks
	end     error
	diff    hash.Hash // of what chunks returned; read it when they are stopped
	tar     *tar.Reader
	logical int64 // bytes of the files, holes included
	ordinal int
}

// openStream opens the layer for one pass. The error is not yet a LayerError.
func (l *Layer) openStream(ctx context.Context) (*tarStream, error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &tarStream{layer: l, cancel: cancel}
	if err := s.start(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *tarStream) start(ctx context.Context) error {
	l := s.layer
	if l.unreadable != nil {
		return l.unreadable
	}
	var err error
	if s.sum, err = newHash(l.info.Digest); err != nil {
		return err
	}
	if s.diff, err = newHash(l.info.DiffID); err != nil {
		return err
	}
	raw, err := l.blob.open(ctx)
	if err != nil {
		return err
	}
	s.raw = raw
	s.in = &stored{ctx: ctx, r: raw, want: l.blob.size, most: mostStored(l.opts)}
	buf := bufio.NewReaderSize(s.in, 64<<10)
	s.src = buf
	if s.kind, err = sniff(buf); err != nil {
		return s.verdict(err)
	}
	l.plain.Store(s.kind == Uncompressed)
	ahead := (l.blob.size < 0 || l.blob.size >= aheadFrom) && runtime.GOMAXPROCS(0) > 1
	switch {
	case s.sum == nil:
	case s.kind == Uncompressed && l.info.Digest == l.info.DiffID:
		s.sum = s.diff // It is hashed once.
	case ahead:
		s.ahead = newHashAhead(buf, s.sum)
		s.src = s.ahead
	default:
		s.src = hashing{buf, s.sum}
	}
	if s.dec, err = l.opts.decompress(s.kind, s.src); err != nil {
		return s.verdict(err)
	}
	s.chunks = newChunks(s.dec, s.diff, ahead)
	s.tar = tar.NewReader(s)
	return nil
}

func (s *tarStream) close() {
	s.cancel()
	if s.chunks != nil {
		s.chunks.stop()
	}
	if s.ahead != nil {
		s.ahead.stop()
	}
	if s.dec != nil {
		_ = s.dec.Close()
	}
	if s.raw != nil {
		_ = s.raw.Close()
	}
}

// fetch gets the next piece when there is none.
func (s *tarStream) fetch() error {
	for len(s.cur) == 0 {
		if s.end != nil {
			return s.end
		}
		if err := s.in.interrupted(); err != nil {
			return err
		}
		s.cur, s.end = s.chunks.next()
		s.fetched += int64(len(s.cur))
		if s.fetched > s.layer.opts.MaxLayerBytes {
			s.end = fmt.Errorf("%w: more than %d uncompressed bytes", ErrLimit, s.layer.opts.MaxLayerBytes)
			s.cur = nil
		}
	}
	return nil
}

// Read is for tar.Reader. Content that was lent behind its back it only skips, so it
// gets the count of these bytes and whatever was in p.
func (s *tarStream) Read(p []byte) (int, error) {
	if s.lent > 0 {
		n := min(int64(len(p)), s.lent)
		s.lent -= n
		return int(n), nil
	}
	if err := s.fetch(); err != nil {
		return 0, err
	}
	n := copy(p, s.cur)
	s.cur = s.cur[n:]
	s.pos += int64(n)
	return n, nil
}

// lend returns up to n of the next bytes where they are, behind the back of tar. They
// are valid until anything else is called.
func (s *tarStream) lend(n int64) ([]byte, error) {
	if err := s.fetch(); err != nil {
		return nil, err
	}
	p := s.cur[:min(n, int64(len(s.cur)))]
	s.cur = s.cur[len(p):]
	s.pos += int64(len(p))
	s.lent += int64(len(p))
	return p, nil
}

// Seek skips forward without copying; tar.Reader uses it for content that it did not
// read itself. It stops at the end of the stream.
func (s *tarStream) Seek(off int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || off < 0 {
		return -1, ErrUnsupported
	}
	lent := min(off, s.lent)
	s.lent -= lent
	off -= lent
	for off > 0 {
		if err := s.fetch(); err == io.EOF {
			break
		} else if err != nil {
			return s.pos - s.lent, err
		}
		n := min(off, int64(len(s.cur)))
		s.cur = s.cur[n:]
		s.pos += n
		off -= n
	}
	return s.pos - s.lent, nil
}

// next returns the next entry, io.EOF behind the last, or another error that is
// the verdict on the layer.
func (s *tarStream) next() (*Entry, error) {
	for {
		h, err := s.tar.Next()
		if errors.Is(err, tar.ErrInsecurePath) {
			err = nil // The path is cleaned below.
		}
		if err == io.EOF {
			return nil, err
		}
		if err != nil {
			return nil, s.verdict(err)
		}
		e := newEntry(h, nil)
		if e == nil {
			continue
		}
		if err := s.check(e); err != nil {
			return e, err
		}
		e.offset, e.ordinal = s.pos, s.ordinal
		if e.Size > 0 {
			e.r = &content{s: s, path: e.Path, left: e.Size, sparse: e.sparse}
		}
		s.ordinal++
		return e, nil
	}
}

// check holds the entry against the limits.
func (s *tarStream) check(e *Entry) error {
	o := s.layer.opts
	if s.ordinal >= o.MaxEntries {
		return fmt.Errorf("%w: more than %d entries", ErrLimit, o.MaxEntries)
	}
	if e.Size < 0 {
		return fmt.Errorf("%w: negative size", ErrCorrupt)
	}
	if e.Size > o.MaxLayerBytes-s.logical {
		return fmt.Errorf("%w: files of more than %d bytes", ErrLimit, o.MaxLayerBytes)
	}
	s.logical += e.Size
	if !e.sparse && e.Size > s.most()-s.pos {
		return s.verdict(fmt.Errorf("size of %d bytes is more than the layer can hold", e.Size))
	}
	return nil
}

// most is the most bytes that the stream can have, given what is stored and how
// far its compression can go.
func (s *tarStream) most() int64 {
	size := s.in.want
	factor := int64(1)
	switch s.kind {
	case Gzip:
		factor = 1032 // 258 bytes in two bits
	case Zstd:
		factor = 128 << 10 / 3 // a whole block in a block header
	}
	if size < 0 || size > math.MaxInt64/factor {
		return math.MaxInt64
	}
	return size * factor
}

// finish reads what is left behind the last entry and verifies sizes and digests.
func (s *tarStream) finish() error {
	trailing := false
	for {
		err := s.fetch()
		if err == io.EOF {
			break
		}
		if err != nil {
			return s.verdict(err)
		}
		trailing = trailing || !zeros(s.cur)
		s.pos += int64(len(s.cur))
		s.cur = nil
	}
	s.chunks.stop()
	if err := s.drain(); err != nil {
		return err
	}
	if err := s.verifyBlob(); err != nil {
		return err
	}
	if want := s.layer.info.DiffID; s.diff != nil && s.diff != s.sum {
		if got := sum(s.diff, want); got != want {
			return &DigestError{What: "diffID", Want: want, Got: got}
		}
	}
	s.layer.uncompressed.Store(s.pos)
	if trailing {
		return ErrTrailing
	}
	return nil
}

func zeros(p []byte) bool {
	for len(p) > len(zeroBlock) {
		if !bytes.Equal(p[:len(zeroBlock)], zeroBlock[:]) {
			return false
		}
		p = p[len(zeroBlock):]
	}
	return bytes.Equal(p, zeroBlock[:len(p)])
}

var zeroBlock [4096]byte

// drain reads the stored bytes to their end, so that all are hashed. Nobody else reads
// them any more.
func (s *tarStream) drain() error {
	var to io.Writer = io.Discard
	if s.sum != nil && s.sum == s.diff {
		to = s.sum
	}
	_, err := io.Copy(to, struct{ io.Reader }{s.src})
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // The size or the digest will tell.
	}
	if s.ahead != nil && err == nil {
		s.ahead.wait()
	}
	return err
}

func (s *tarStream) verifyBlob() error {
	d := s.layer.info.Digest
	if s.in.want >= 0 && s.in.n != s.in.want {
		return &DigestError{What: "blob", Want: d, WantSize: s.in.want, GotSize: s.in.n}
	}
	if s.sum == nil {
		return nil
	}
	if got := sum(s.sum, d); got != d {
		return &DigestError{What: "blob", Want: d, Got: got}
	}
	return nil
}

// verdict is the reason why reading stopped at err: the source failed, a limit was
// reached, or the bytes are corrupt. Corrupt bytes that are also not the right
// bytes are both, with the digest said first.
func (s *tarStream) verdict(err error) error {
	var src sourceError
	switch {
	case errors.As(err, &src):
		return src.error
	case errors.Is(err, ErrLimit), errors.Is(err, ErrUnsupported):
		return err
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	corrupt := fmt.Errorf("%w: %w", ErrCorrupt, err)
	if s.chunks != nil {
		s.chunks.stop()
	}
	if s.drain() != nil {
		return corrupt
	}
	if bad := s.verifyBlob(); bad != nil {
		return fmt.Errorf("%w; %w", bad, corrupt)
	}
	return corrupt
}

// content is the content of the entry that the stream is at. All but sparse files
// lie in the stream as they are, and are read there without tar's help.
type content struct {
	s      *tarStream
	path   string
	left   int64
	sparse bool
	over   bool
}

// errStale is the error of reading an entry whose turn is over.
var errStale = errors.New("image: entry is read after the iteration went on")

func (c *content) Read(p []byte) (int, error) {
	if c.over {
		return 0, errStale
	}
	if c.sparse {
		return c.readSparse(p)
	}
	if len(p) == 0 {
		return 0, nil
	}
	data, err := c.lend(int64(len(p)))
	return copy(p, data), err
}

// readSparse reads by tar, which knows where the holes are.
func (c *content) readSparse(p []byte) (int, error) {
	if err := c.s.in.interrupted(); err != nil {
		return 0, c.fail(err)
	}
	n, err := c.s.tar.Read(p)
	if err != nil && err != io.EOF {
		err = c.fail(err)
	}
	return n, err
}

// WriteTo implements io.WriterTo without copying, except for sparse files.
func (c *content) WriteTo(w io.Writer) (n int64, err error) {
	if c.sparse {
		return io.Copy(w, struct{ io.Reader }{c})
	}
	for {
		if c.over {
			return n, errStale
		}
		data, err := c.lend(c.left)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		k, err := w.Write(data)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
}

// lend returns up to n of the next bytes.
func (c *content) lend(n int64) ([]byte, error) {
	if c.left == 0 {
		return nil, io.EOF
	}
	if err := c.s.in.interrupted(); err != nil {
		return nil, c.fail(err)
	}
	data, err := c.s.lend(min(n, c.left))
	if err != nil {
		return nil, c.fail(err) // An io.EOF too comes too soon.
	}
	c.left -= int64(len(data))
	return data, nil
}

func (c *content) fail(err error) error { return c.s.layer.fail(c.path, c.s.verdict(err)) }

// digestOf converts a digest of go-containerregistry.
func digestOf(h interface{ String() string }) sbom.Digest {
	if s := h.String(); s != ":" {
		return sbom.Digest(s)
	}
	return ""
}
