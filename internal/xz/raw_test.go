package xz_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/imagetrust/imagetrust/internal/xz"
)

// chunk returns the only chunk of a file: a stream of LZMA, with its properties.
func chunk(file []byte) (data []byte, properties byte) {
	at := 12 + (int(file[12])+1)*4 // Behind the headers of the stream and the block.
	n := int(binary.BigEndian.Uint16(file[at+3:])) + 1
	return file[at+6:][:n], file[at+5]
}

func TestDecompressLZMA(t *testing.T) {
	for _, s := range samples() {
		if s.name != "text" && s.name != "properties" && s.name != "crc64" {
			continue
		}
		data, properties := chunk(s.compressed(t))
		got, err := xz.DecompressLZMA(data, properties, len(s.content))
		if err != nil || !bytes.Equal(got, s.content) {
			t.Errorf("%s: %d bytes, want %d, %v", s.name, len(got), len(s.content), err)
		}
		for what, bad := range map[string]func() ([]byte, error){
			"cut off": func() ([]byte, error) { return xz.DecompressLZMA(data[:len(data)-1], properties, len(s.content)) },
			"longer": func() ([]byte, error) {
				return xz.DecompressLZMA(append(bytes.Clone(data), 0), properties, len(s.content))
			},
			"another size":     func() ([]byte, error) { return xz.DecompressLZMA(data, properties, len(s.content)-1) },
			"4 GiB":            func() ([]byte, error) { return xz.DecompressLZMA(data, properties, 1<<32) },
			"negative":         func() ([]byte, error) { return xz.DecompressLZMA(data, properties, -1) },
			"other properties": func() ([]byte, error) { return xz.DecompressLZMA(data, 0xff, len(s.content)) },
			"nothing":          func() ([]byte, error) { return xz.DecompressLZMA(nil, properties, 1) },
		} {
			if _, err := bad(); !errors.Is(err, xz.ErrFormat) {
				t.Errorf("%s, %s: %v", s.name, what, err)
			}
		}
	}
}
