package blob

import (
	"bufio"
	"crypto/sha256"
	"hash"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Layer is one layer on disk, both plain and compressed.
type Layer struct {
	Name           string // for the image's history
	Compressor     Compressor
	Plain, Gzip    string // files
	DiffID, Digest v1.Hash
	Size, GzipSize int64 // bytes
}

// NewLayer writes the tar stream that write makes to the file path+".tar", and
// compresses it to path+".tar.gz".
func NewLayer(path, name string, c Compressor, write func(io.Writer) error) (*Layer, error) {
	l := &Layer{Name: name, Compressor: c, Plain: path + ".tar", Gzip: path + ".tar.gz"}
	var err error
	if l.DiffID, l.Size, err = create(l.Plain, write); err != nil {
		return nil, err
	}
	l.Digest, l.GzipSize, err = create(l.Gzip, func(w io.Writer) error {
		f, err := os.Open(l.Plain)
		if err != nil {
			return err
		}
		defer f.Close()
		return c.Compress(w, bufio.NewReaderSize(f, 1<<20))
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// create writes a file and returns the digest and the number of its bytes. A file
// that was there is replaced, not written to: images may be linked to it.
func create(path string, write func(io.Writer) error) (v1.Hash, int64, error) {
	f, err := os.Create(path + ".unfinished")
	if err != nil {
		return v1.Hash{}, 0, err
	}
	defer f.Close()
	buf := bufio.NewWriterSize(f, 1<<20)
	sum := &digester{h: sha256.New()}
	if err := write(io.MultiWriter(buf, sum)); err != nil {
		return v1.Hash{}, 0, err
	}
	if err := buf.Flush(); err != nil {
		return v1.Hash{}, 0, err
	}
	if err := f.Close(); err != nil {
		return v1.Hash{}, 0, err
	}
	return sum.hash(), sum.n, os.Rename(f.Name(), path)
}

type digester struct {
	h hash.Hash
	n int64
}

func (d *digester) Write(p []byte) (int, error) {
	d.n += int64(len(p))
	return d.h.Write(p)
}

func (d *digester) hash() v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hexOf(d.h.Sum(nil))}
}
