package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

const (
	headBytes      = 6        // what sniff looks at
	maxCachedBytes = 32 << 20 // JSON of a compressed archive kept while open
)

// archive is a tar file that holds an image. Its members are indexed once and
// read in place. Those of a compressed archive are read by decompressing it up
// to them; members that are read in their order cost one pass over it.
type archive struct {
	members map[string]*member
	file    io.ReaderAt // nil if compressed
	stream  *seekStream // nil if not
}

type member struct {
	offset, size int64
	head         []byte
	data         []byte // whole content, of small JSON in a compressed archive
	link         string // target of a symlink or hard link, cleaned
	unreadable   error
}

// openArchive indexes the tar file f and takes care of closing it.
func openArchive(f *os.File, o *Options) (*archive, func() error, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	whole := io.NewSectionReader(f, 0, info.Size())
	head := make([]byte, headBytes)
	n, err := io.ReadFull(whole, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, nil, err
	}
	kind, err := sniffBytes(head[:n])
	if err != nil {
		return nil, nil, err
	}
	a := &archive{members: make(map[string]*member)}
	if kind == Uncompressed {
		a.file = f
		_, _ = whole.Seek(0, io.SeekStart)
		return a, f.Close, a.index(whole, o)
	}
	a.stream = &seekStream{open: func(context.Context) (io.ReadCloser, error) {
		return o.decompressAny(io.NopCloser(io.NewSectionReader(f, 0, info.Size())))
	}}
	closer := func() error { return errors.Join(a.stream.close(), f.Close()) }
	return a, closer, a.indexCompressed(o)
}

func (a *archive) indexCompressed(o *Options) error {
	rc, err := a.stream.open(context.Background())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	defer rc.Close()
	return a.index(&forward{r: decompressed{rc}, max: o.MaxLayerBytes}, o)
}

// decompressed marks the errors of a decompressor, as against those of archive/tar.
type decompressed struct{ io.Reader }

type brokenStream struct{ error }

func (e brokenStream) Unwrap() error { return e.error }

func (d decompressed) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = brokenStream{err}
	}
	return n, err
}

// index notes where each member is. archive/tar reads headers in whole blocks and
// nothing ahead, so behind Next the position is that of the content.
func (a *archive) index(r io.ReadSeeker, o *Options) error {
	tr := tar.NewReader(r)
	cached := 0
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, tar.ErrInsecurePath) {
			err = nil
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if errors.Is(err, ErrLimit) {
				return err
			}
			if n == 0 && !errors.As(err, new(brokenStream)) {
				return fmt.Errorf("%w: no tar file: %w", ErrFormat, err)
			}
			return fmt.Errorf("archive: %w: %w", ErrCorrupt, err)
		}
		if n >= o.MaxEntries {
			return fmt.Errorf("archive: %w: more than %d entries", ErrLimit, o.MaxEntries)
		}
		off, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		name, _ := cleanPath(h.Name)
		m := newMember(h, off)
		if m == nil {
			continue
		}
		if err := m.peek(tr, a.file == nil && cached < maxCachedBytes); err != nil {
			return fmt.Errorf("archive: %s: %w: %w", name, ErrCorrupt, err)
		}
		cached += len(m.data)
		a.members[name] = m
	}
}

func newMember(h *tar.Header, off int64) *member {
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		if isSparse(h) {
			return &member{unreadable: fmt.Errorf("sparse file in an archive is %w", ErrUnsupported)}
		}
		return &member{offset: off, size: h.Size}
	case tar.TypeLink:
		link, _ := cleanPath(h.Linkname)
		return &member{link: link}
	case tar.TypeSymlink:
		dir := path.Dir(h.Name)
		if path.IsAbs(h.Linkname) {
			dir = ""
		}
		link, _ := cleanPath(path.Join(dir, h.Linkname))
		return &member{link: link}
	}
	return nil
}

// peek reads the beginning, and all of what looks like small JSON if keep is set.
func (m *member) peek(r io.Reader, keep bool) error {
	if m.link != "" || m.unreadable != nil {
		return nil
	}
	m.head = make([]byte, min(m.size, headBytes))
	if _, err := io.ReadFull(r, m.head); err != nil {
		return err
	}
	if !keep || m.size > maxConfigBytes || len(m.head) == 0 || !strings.ContainsRune("{[ \t\r\n", rune(m.head[0])) {
		return nil
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.data = append(bytes.Clone(m.head), rest...)
	return nil
}

func (a *archive) has(name string) bool {
	_, err := a.blob(name)
	return !errors.Is(err, ErrMissing)
}

// blob implements store. Links between members are followed.
func (a *archive) blob(name string) (*blob, error) {
	asked := name
	name, _ = cleanPath(name)
	var m *member
	for range 16 {
		var ok bool
		if m, ok = a.members[name]; !ok {
			return nil, fmt.Errorf("%s: %w: %w", asked, ErrMissing, fs.ErrNotExist)
		}
		if m.link == "" {
			break
		}
		name = m.link
	}
	if m.link != "" {
		return nil, fmt.Errorf("%s: %w: symlink loop", asked, ErrCorrupt)
	}
	if m.unreadable != nil {
		return nil, fmt.Errorf("%s: %w", asked, m.unreadable)
	}
	return a.open(m), nil
}

func (a *archive) open(m *member) *blob {
	b := &blob{size: m.size, head: m.head}
	switch {
	case m.data != nil:
		b.open = bytesBlob(m.data).open
	case a.file != nil:
		b.section = func(off, n int64) (io.ReadCloser, error) {
			whole := io.NewSectionReader(a.file, m.offset, m.size)
			return &randomSection{SectionReader: io.NewSectionReader(whole, off, n)}, nil
		}
		b.open = func(context.Context) (io.ReadCloser, error) { return b.section(0, m.size) }
	default:
		b.streamed = true
		b.open = func(ctx context.Context) (io.ReadCloser, error) {
			return a.stream.section(ctx, m.offset, m.size), nil
		}
	}
	return b
}

// forward makes a stream an io.Seeker that knows its position and skips forward.
type forward struct {
	r        io.Reader
	pos, max int64
}

func (f *forward) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if f.pos += int64(n); f.pos > f.max {
		return 0, fmt.Errorf("archive: %w: more than %d uncompressed bytes", ErrLimit, f.max)
	}
	return n, err
}

func (f *forward) Seek(off int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || off < 0 {
		return -1, ErrUnsupported
	}
	_, err := io.CopyN(io.Discard, f, off)
	if err == io.EOF {
		err = nil
	}
	return f.pos, err
}
