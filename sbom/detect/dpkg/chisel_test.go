package dpkg_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/dpkg"
)

const wallPath = "var/lib/chisel/manifest.wall"

func zstandard(text string) []byte {
	w, _ := zstd.NewWriter(nil)
	return w.EncodeAll([]byte(text), nil)
}

var (
	sumA = strings.Repeat("a", 64)
	sumB = strings.Repeat("b", 64)
)

// wallText is a manifest as the documentation of Chisel has it, with some lines that it
// has not.
var wallText = `{"jsonwall":"1.0","schema":"1.0","count":13}
{"kind":"content","slice":"libssl3_libs","path":"/usr/lib/libssl.so.3"}
{"kind":"package","name":"base-files","version":"13ubuntu10","sha256":"` + sumA + `","arch":"amd64"}
{"kind":"package","name":"base-files","version":"13ubuntu10","sha256":"` + sumA + `","arch":"amd64"}
{"kind":"package","name":"libssl3","version":"3.0.13-0ubuntu3.4","sha256":"short","arch":"amd64"}
{"kind":"package","name":"no/name","version":"1","arch":"amd64"}
{"kind":"path","path":"/etc/","mode":"0755","slices":["base-files_base"]}
{"kind":"path","path":"/etc/os-release","mode":"0777","slices":["base-files_release-info"],"link":"../usr/lib/os-release"}
{"kind":"path","path":"/etc/ssl/openssl.cnf","mode":"0644","slices":["base-files_a","libssl3_config","libssl3_libs"],"sha256":"` + sumA + `","final_sha256":"` + sumB + `","size":1}
{"kind":"path","path":"/usr/lib/libssl.so.3","mode":"0644","slices":["libssl3_libs"],"sha256":"` + sumA + `","size":2}
{"kind":"path","path":"/bad","slices":["libssl3_libs","nounderscore","a/b_c"],"sha256":"x"}
{"kind":"slice","name":"base-files_base"}
{"kind":"slice","name":"base-files_release-info"}
{"kind":"slice","name":"libssl3_libs"}
{"kind":"other"}
{`

func TestWall(t *testing.T) {
	want := `component base-files:amd64 [base-files]
  pkg:deb/base-files@13ubuntu10?arch=amd64
  source <nil> scope "" supplier "" description "" properties [{dpkg:slices base release-info}]
component libssl3:amd64 [libssl3]
  pkg:deb/libssl3@3.0.13-0ubuntu3.4?arch=amd64
  source <nil> scope "" supplier "" description "" properties [{dpkg:slices libs}]
claim base-files "etc/os-release" 
claim base-files "etc/ssl/openssl.cnf" sha256:` + sumB + `
claim libssl3 "etc/ssl/openssl.cnf" sha256:` + sumB + `
claim libssl3 "usr/lib/libssl.so.3" sha256:` + sumA + `
claim libssl3 "bad" 
gap corrupt package base-files:amd64 is listed twice; the first counts
gap corrupt line 6 has no valid name of a package: "no/name"
gap corrupt the digest of "/bad" is malformed: "x"
gap unsupported line 15 has the unknown kind "other"
gap corrupt line 16 is no JSON object: unexpected end of JSON input
`
	frag := detecttest.Detect(t, dpkg.New(), wallPath, zstandard(wallText))
	if got := string(dump(frag)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if h := frag.Components[0].Hashes; len(h) != 1 || h[0].Hex() != sumA {
		t.Errorf("the package's archive has digests %v", h)
	}
	nested := detecttest.Detect(t, dpkg.New(), "opt/rootfs/"+wallPath, zstandard(wallText))
	if c := nested.Claims[0]; c.Key != "opt/rootfs/base-files" || c.Path != "opt/rootfs/etc/os-release" {
		t.Errorf("in another root: %+v", c)
	}
}

func TestWallErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		want error
	}{
		"not compressed": {[]byte(wallText), detect.ErrFormat},
		"cut off":        {zstandard(wallText)[:40], detect.ErrFormat},
		"newer":          {zstandard(`{"jsonwall":"1.0","schema":"2.0"}`), detect.ErrUnsupported},
		"bomb":           {zstandard(strings.Repeat("\n", 64<<20+1)), detect.ErrLimit},
		"many files": {zstandard(`{"jsonwall":"1.0","schema":"1.0"}` + "\n" +
			strings.Repeat(`{"kind":"path","path":"/a","slices":["a_b"]}`+"\n", 1<<18+1)), detect.ErrLimit},
	} {
		_, err := detecttest.DetectFile(t, dpkg.New(), detecttest.File{Path: wallPath, Data: tt.data})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", name, err, tt.want)
		}
	}
}

func BenchmarkWall(b *testing.B) {
	var text bytes.Buffer
	text.WriteString(`{"jsonwall":"1.0","schema":"1.0"}` + "\n")
	for range 1000 {
		text.WriteString(`{"kind":"path","path":"/usr/lib/x86_64-linux-gnu/libssl.so.3","mode":"0644","slices":["libssl3_libs"],"sha256":"` + sumA + `","size":2}` + "\n")
	}
	b.SetBytes(int64(text.Len()))
	benchmark(b, wallPath, zstandard(text.String()))
}
