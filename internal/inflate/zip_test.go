package inflate_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

func TestDecompressor(t *testing.T) {
	want := map[string]string{"empty": "", "short": "abc", "long": strings.Repeat("a line of text\n", 50_000)}
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	for name, content := range want {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	opened := 0
	r.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser {
		opened++
		return inflate.Decompressor(r)
	})
	for range 2 { // The second time with the readers of the first.
		for _, f := range r.File {
			rc, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(rc)
			if err != nil || string(got) != want[f.Name] {
				t.Errorf("%s: %d bytes, %v, want %d", f.Name, len(got), err, len(want[f.Name]))
			}
			if err := rc.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if opened != 2*len(want) {
		t.Errorf("%d entries inflated, want %d", opened, 2*len(want))
	}
}

func TestDecompressorClosed(t *testing.T) {
	rc := inflate.Decompressor(strings.NewReader("\x03\x00"))
	for range 2 {
		if err := rc.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := rc.Read(make([]byte, 1)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("Read after Close = %d, %v", n, err)
	}
}
