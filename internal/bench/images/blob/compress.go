// Package blob writes layers, and the images made of them, as the field writes
// them: gzip by the compressors in use, the OCI image layout, and the archive of
// docker save.
package blob

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os/exec"

	kgzip "github.com/klauspost/compress/gzip"
)

// Compressor makes a gzip file the way one of the field's tools does.
type Compressor string

// The compressors. Layers in registries are made by all of them, and their
// streams differ in block sizes and in how near to stored they are.
const (
	Standard  Compressor = "compress/gzip -6"       // Docker, go-containerregistry
	Klauspost Compressor = "klauspost/gzip default" // containerd, BuildKit
	GNU       Compressor = "gzip -9"                // tar -z and scripts
	Pigz      Compressor = "pigz -6 (blocks of 128 KiB)"
)

// Compress writes src to dst as one gzip member. [GNU] runs gzip, which must be
// installed.
func (c Compressor) Compress(dst io.Writer, src io.Reader) error {
	switch c {
	case Standard:
		w, err := gzip.NewWriterLevel(dst, 6)
		return copyAndClose(w, src, err)
	case Klauspost:
		return copyAndClose(kgzip.NewWriter(dst), src, nil)
	case GNU:
		cmd := exec.Command("gzip", "-9n")
		cmd.Stdin, cmd.Stdout = src, dst
		return cmd.Run()
	case Pigz:
		return pigz(dst, src)
	}
	return errors.New("no such compressor: " + string(c))
}

func copyAndClose(w io.WriteCloser, src io.Reader, err error) error {
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, src); err != nil {
		return err
	}
	return w.Close()
}

// pigz compresses as pigz does: every 128 KiB on its own, with the 32 KiB before
// it as a dictionary, ended by an empty stored block so that the next begins at a byte.
func pigz(dst io.Writer, src io.Reader) error {
	const blockSize, history = 128 << 10, 32 << 10
	if _, err := dst.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}); err != nil {
		return err
	}
	var crc, size uint32
	var before []byte
	block := make([]byte, blockSize)
	for last := false; !last; {
		n, err := io.ReadFull(src, block)
		if last = errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); !last && err != nil {
			return err
		}
		crc = crc32.Update(crc, crc32.IEEETable, block[:n])
		size += uint32(n)
		if err := deflateBlock(dst, block[:n], before, last); err != nil {
			return err
		}
		before = bytes.Clone(block[max(0, n-history):n])
	}
	return binary.Write(dst, binary.LittleEndian, []uint32{crc, size})
}

func deflateBlock(dst io.Writer, block, dictionary []byte, last bool) error {
	w, err := flate.NewWriterDict(dst, 6, dictionary)
	if err != nil {
		return err
	}
	if _, err := w.Write(block); err != nil {
		return err
	}
	if last {
		return w.Close()
	}
	return w.Flush()
}
