package inflate

import (
	"errors"
	"io"
	"sync"
)

// readers of zip entries, which are many and small.
var readers = sync.Pool{New: func() any { return new(Reader) }}

// Decompressor is an [archive/zip.Decompressor] for the method Deflate.
func Decompressor(r io.Reader) io.ReadCloser {
	z := readers.Get().(*Reader)
	z.Reset(r)
	return &pooled{z}
}

// pooled gives its reader back when closed.
type pooled struct{ z *Reader }

var errClosed = errors.New("inflate: read after Close")

func (p *pooled) Read(b []byte) (int, error) {
	if p.z == nil {
		return 0, errClosed
	}
	return p.z.Read(b)
}

func (p *pooled) Close() error {
	if p.z != nil {
		p.z.Reset(nil) // holds on to nothing of the caller's
		readers.Put(p.z)
		p.z = nil
	}
	return nil
}
