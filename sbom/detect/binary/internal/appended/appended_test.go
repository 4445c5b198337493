package appended

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// zipped returns a program with a zip file behind it, of names and contents.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	b := bytes.NewBufferString("\x7fELF the program itself")
	w := zip.NewWriter(b)
	w.SetOffset(int64(b.Len()))
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(data []byte) *payload.Payload {
	return Read(payload.Source{ReaderAt: bytes.NewReader(data), Size: int64(len(data))})
}

// frozen are the files of programs that were frozen or launched so.
func frozen(t testing.TB) []byte {
	return zipped(t, "main.py", "print()", "lib/foo-1.0.dist-info/METADATA", "Name: foo\nVersion: 1.0\n", "bar.egg-info/PKG-INFO", "Name: bar\nVersion: 2.0\n",
		"META-INF/maven/org.x/y/pom.properties", "groupId=org.x\nartifactId=y\nversion=3.0\n", "package.json", `{"name":"app","version":"4.0.0"}`,
		"node_modules/@s/z/package.json", `{"name":"@s/z","version":"5.0.0"}`, "docs/package.json", `{"name":"docs","version":"6.0.0"}`, "METADATA", "Name: no\nVersion: 1\n")
}

func TestRead(t *testing.T) {
	data := frozen(t)
	p := read(data)
	var got []string
	for _, x := range p.Packages {
		own := ""
		if x.Own {
			own = " own"
		}
		got = append(got, x.Type+" "+x.Name+" "+x.Version+own)
		if x.Offset <= 0 || x.Offset >= int64(len(data)) || x.Rule != Rule {
			t.Errorf("%+v", x)
		}
	}
	if want := []string{"maven org.x/y 3.0", "npm @s/z 5.0.0", "npm app 4.0.0 own", "pypi bar 2.0", "pypi foo 1.0"}; !slices.Equal(got, want) || p.Err != nil {
		t.Errorf("%q, %v", got, p.Err)
	}
	if !In(data) {
		t.Error("not found")
	}
}

func TestIn(t *testing.T) {
	data := zipped(t, "a", "b")
	commented := append(bytes.Clone(data), "comment"...)
	commented[len(data)-2] = 7
	for what, tt := range map[string]struct {
		data []byte
		want bool
	}{
		"a zip file":          {data, true},
		"with a comment":      {commented, true},
		"no files":            {zipped(t), false},
		"text behind it":      {append(bytes.Clone(data), "text"...), true}, // As a signature is.
		"cut off":             {data[:len(data)-1], false},
		"nothing":             {nil, false},
		"the signature alone": {[]byte("PK\x05\x06"), false},
	} {
		if got := In(tt.data); got != tt.want {
			t.Errorf("%s: %t", what, got)
		}
	}
}

// TestHostile reads what is too much to its limit, and says so.
func TestHostile(t *testing.T) {
	bomb := zipped(t, "a.dist-info/METADATA", strings.Repeat("x", 64<<20), "b.dist-info/METADATA", "Name: b\nVersion: 1\n")
	if p := read(bomb); !errors.Is(p.Err, detect.ErrLimit) || len(p.Packages) != 1 {
		t.Errorf("a bomb of %d bytes: %+v", len(bomb), p)
	}
	damaged := zipped(t, "a.dist-info/METADATA", strings.Repeat("Name: b\n", 100))
	copy(damaged[len("\x7fELF the program itself")+60:], "\xff\xff\xff\xff\xff\xff\xff")
	if p := read(damaged); !errors.Is(p.Err, detect.ErrFormat) {
		t.Errorf("damaged: %v", p.Err)
	}
	if p := read([]byte("text")); !errors.Is(p.Err, detect.ErrFormat) {
		t.Errorf("no zip file: %v", p.Err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(frozen(f))
	f.Add(zipped(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := read(data)
		if p.Err != nil && !errors.Is(p.Err, detect.ErrFormat) && !errors.Is(p.Err, detect.ErrLimit) && !errors.Is(p.Err, detect.ErrUnsupported) {
			t.Errorf("error %v", p.Err)
		}
		if p.Offset < 0 || p.Offset+p.Size > int64(len(data)) {
			t.Errorf("%d bytes at %d of %d", p.Size, p.Offset, len(data))
		}
		for _, x := range p.Packages {
			if x.Offset < 0 || x.Offset > int64(len(data)) || x.Text == "" {
				t.Errorf("%+v", x)
			}
		}
	})
}
