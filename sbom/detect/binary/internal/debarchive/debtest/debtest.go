// Package debtest makes packages for tests.
package debtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Deb returns a package, deb(5), with that control file and those files. Its archives are compressed as
// their names end: by gz, zst or xz, for which it skips the test where that program is missing, or
// not at all if that is empty.
func Deb(t testing.TB, compression, control string, files map[string]string) []byte {
	t.Helper()
	out := bytes.NewBufferString("!<arch>\n")
	member := func(name string, data []byte) {
		fmt.Fprintf(out, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", name, 0, 0, 0, 0o100644, len(data), data)
		if len(data)%2 == 1 {
			out.WriteByte('\n')
		}
	}
	suffix := ""
	if compression != "" {
		suffix = "." + compression
	}
	member("debian-binary", []byte("2.0\n"))
	member("control.tar"+suffix, Compress(t, compression, archive(t, map[string]string{"control": control})))
	member("data.tar"+suffix, Compress(t, compression, archive(t, files)))
	return out.Bytes()
}

// archive returns a tar archive of files below a directory.
func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	write := func(h *tar.Header, content string) {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			t.Fatal(err)
		}
	}
	write(&tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755}, "")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		write(&tar.Header{Typeflag: tar.TypeReg, Name: "./" + name, Mode: 0o755, Size: int64(len(files[name]))}, files[name])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Compress returns data in the format that has that ending.
func Compress(t testing.TB, compression string, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch compression {
	case "gz":
		w = gzip.NewWriter(&out)
	case "zst":
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	case "xz":
		xz := exec.Command("xz", "--stdout")
		xz.Stdin = bytes.NewReader(data)
		b, err := xz.Output()
		if err != nil {
			t.Skipf("xz: %v", err)
		}
		return b
	default:
		return data
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
