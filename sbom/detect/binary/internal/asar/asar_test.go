package asar

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/payload"
)

// packed returns an archive with a header and content, padded as electron/asar does it.
func packed(header, content string) []byte {
	le := binary.LittleEndian
	text := header + strings.Repeat("\x00", -len(header)&3)
	b := le.AppendUint32(nil, 4)
	b = le.AppendUint32(b, uint32(len(text)+8))
	b = le.AppendUint32(b, uint32(len(text)+4))
	b = le.AppendUint32(b, uint32(len(header)))
	return []byte(string(b) + text + content)
}

const (
	app   = `{"name":"app","version":"1.2.3","license":"MIT"}`
	left  = `{"name":"left-pad","version":"1.3.0"}`
	scope = `{"name":"@s/x","version":"0.1.0"}`
)

// archive is as electron/asar packs an application, but for digests.
func archive() []byte {
	file := func(off, size int) string {
		return fmt.Sprintf(`{"size":%d,"offset":"%d","integrity":{"algorithm":"SHA256","hash":"00","blocks":["00"]}}`, size, off)
	}
	header := `{"files":{"main.js":` + file(0, 3) + `,"package.json":` + file(3, len(app)) + `,"link":{"link":"main.js"},"node_modules":{"files":{` +
		`"left-pad":{"files":{"package.json":` + file(3+len(app), len(left)) + `,"test":{"files":{"package.json":` + file(3, len(app)) + `}}}},` +
		`"@s":{"files":{"x":{"files":{"package.json":` + file(3+len(app)+len(left), len(scope)) + `}}}},` +
		`"native":{"files":{"package.json":{"size":10,"unpacked":true}}},"..":{"files":{"package.json":{"link":"/etc/passwd"}}}}}}}`
	return packed(header, "1;\n"+app+left+scope)
}

func read(data []byte) *payload.Payload {
	return Read(payload.Source{ReaderAt: bytes.NewReader(data), Size: int64(len(data))})
}

func TestRead(t *testing.T) {
	data := archive()
	p := read(data)
	var got []string
	for _, x := range p.Packages {
		got = append(got, fmt.Sprint(x.Name, " ", x.Version, " ", x.Own))
		if !bytes.HasPrefix(data[x.Offset:], []byte(`{"name":"`+x.Name)) {
			t.Errorf("%+v is not there", x)
		}
	}
	if want := []string{"@s/x 0.1.0 false", "app 1.2.3 true", "left-pad 1.3.0 false"}; !slices.Equal(got, want) || p.Err != nil {
		t.Errorf("%q, %v", got, p.Err)
	}
}

func TestIs(t *testing.T) {
	data := archive()
	if !Is(data[:min(len(data), detect.HeadSize)]) {
		t.Error("an archive is none")
	}
	for _, head := range [][]byte{nil, data[:16], bytes.Repeat([]byte{4}, 100), packed("text that is no JSON", "")} {
		if Is(head) {
			t.Errorf("%q", head)
		}
	}
}

func TestHostile(t *testing.T) {
	huge := archive()
	binary.LittleEndian.PutUint32(huge[12:], 1<<30)
	for what, tt := range map[string]struct {
		data []byte
		want error
	}{
		"header of 1 GiB":         {huge, detect.ErrFormat},
		"header over the limit":   {packed(strings.Repeat(" ", maxHeader+1), ""), detect.ErrLimit},
		"deep":                    {packed(strings.Repeat(`{"files":{"a":`, 1000)+"{}"+strings.Repeat("}}", 1000), ""), detect.ErrLimit},
		"offset out of the file":  {packed(`{"files":{"package.json":{"size":5,"offset":"4611686018427387903"}}}`, ""), detect.ErrFormat},
		"offset that is negative": {packed(`{"files":{"package.json":{"size":5,"offset":"-5"}}}`, "12345"), detect.ErrFormat},
		"size of 1 GiB":           {packed(`{"files":{"package.json":{"size":1073741824,"offset":"0"}}}`, "12345"), detect.ErrFormat},
		"offset that is no text":  {packed(`{"files":{"package.json":{"size":5,"offset":5}}}`, "12345"), detect.ErrFormat},
		"cut off":                 {packed(`{"files":{"package.json":{"size":5`, ""), detect.ErrFormat},
		"a list":                  {packed(`["files"]`, ""), detect.ErrFormat},
		"a name that leads out":   {packed(`{"files":{"node_modules":{"files":{"../../x":{"files":{"package.json":{"size":2,"offset":"0"}}}}}}}`, "{}"), nil},
		"empty":                   {nil, detect.ErrFormat},
	} {
		if p := read(tt.data); !errors.Is(p.Err, tt.want) || len(p.Packages) > 0 {
			t.Errorf("%s: %v, %v", what, p.Err, p.Packages)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(archive())
	f.Add(packed(`{"files":{"package.json":{"size":5,"offset":"0"}}}`, "12345"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := read(data)
		if p.Err != nil && !errors.Is(p.Err, detect.ErrFormat) && !errors.Is(p.Err, detect.ErrLimit) {
			t.Errorf("error %v", p.Err)
		}
		for _, x := range p.Packages {
			if x.Offset < 0 || x.Offset >= int64(len(data)) || !bytes.Contains(data[x.Offset:], []byte(`"name"`)) && !bytes.Contains(data[x.Offset:], []byte(`\u`)) {
				t.Errorf("%+v is not there", x)
			}
		}
	})
}
