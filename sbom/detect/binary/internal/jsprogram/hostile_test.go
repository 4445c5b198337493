package jsprogram

import (
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// zeros is a file of nothing but what it begins with, and it counts who reads it.
type zeros struct {
	head  []byte
	reads int
}

func (z *zeros) ReadAt(p []byte, off int64) (int, error) {
	z.reads++
	clear(p)
	if off < int64(len(z.head)) {
		copy(p, z.head[off:])
	}
	return len(p), nil
}

var _ io.ReaderAt = (*zeros)(nil)

// TestManyAssets has assets without names or content, as many as there is room for.
func TestManyAssets(t *testing.T) {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, seaMagic)
	b = le.AppendUint32(b, seaAssets)
	b = append(le.AppendUint64(b, 1), 'x')
	b = append(le.AppendUint64(b, 1), 'y')
	b = le.AppendUint64(b, 1<<62)
	z := &zeros{head: b}
	p := Node(payload.Source{ReaderAt: z, Size: 4 << 30}, 0, 4<<30)
	if !errors.Is(p.Err, detect.ErrLimit) || z.reads > 5*maxAssets {
		t.Errorf("%d reads, %v", z.reads, p.Err)
	}
}
