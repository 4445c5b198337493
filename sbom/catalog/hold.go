package catalog

import (
	"bytes"
	"io"

	"github.com/imagetrust/imagetrust/sbom"
)

// held is the whole content of a file, in memory or spilled.
type held struct {
	io.ReaderAt
	digests []sbom.Digest
	region  *region
	free    func()
}

// failed returns the error of reading spilled content back.
func (h *held) failed() error {
	if h.region == nil {
		return nil
	}
	return h.region.failed
}

// hold takes in a file of the given size: head, and what r has behind it.
func (l *layerScan) hold(r io.Reader, head []byte, size int64, also algorithms) (*held, error) {
	l.digester.reset(also)
	if buf := l.budget.get(size); buf != nil {
		n := copy(buf, head)
		if _, err := io.ReadFull(r, buf[n:]); err != nil {
			l.budget.put(buf)
			return nil, noEOF(err)
		}
		_, _ = l.digester.Write(buf)
		return &held{
			ReaderAt: bytes.NewReader(buf),
			digests:  l.digester.digests(),
			free:     func() { l.budget.put(buf) },
		}, nil
	}
	region, err := l.spill.reserve(size)
	if err != nil {
		return nil, err
	}
	if err := l.spillTo(region, r, head); err != nil {
		l.spill.release(region)
		return nil, err
	}
	return &held{
		ReaderAt: region,
		digests:  l.digester.digests(),
		region:   region,
		free:     func() { l.spill.release(region) },
	}, nil
}

// spillTo writes head and what follows it in r to the region.
func (l *layerScan) spillTo(to *region, r io.Reader, head []byte) error {
	_, _ = l.digester.Write(head)
	if err := to.writeAt(head, 0); err != nil {
		return err
	}
	buf := l.digester.buf
	for off := int64(len(head)); off < to.size; {
		n, err := io.ReadFull(r, buf[:min(int64(len(buf)), to.size-off)])
		if err != nil {
			return noEOF(err)
		}
		_, _ = l.digester.Write(buf[:n])
		if err := to.writeAt(buf[:n], off); err != nil {
			return err
		}
		off += int64(n)
	}
	return nil
}

// noEOF is for content that is shorter than its header says.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
