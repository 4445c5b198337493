package binary

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/petest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/testbin"
)

func windows(text string, version ...[2]string) []byte {
	return (&petest.File{Version: version, Text: text + strings.Repeat(" ", minSize)}).Bytes()
}

// dylib is a library for macOS of a name and version.
func dylib(name string, version uint32, text string) []byte {
	le := binary.LittleEndian
	command := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 0xd), uint32(24+len(name)+1)), 24)
	command = le.AppendUint32(le.AppendUint32(le.AppendUint32(command, 0), version), 0)
	command = append(append(command, name...), 0)
	head := make([]byte, 32)
	for i, v := range []uint32{0xfeedfacf, 0x0100000c, 0, 6, 1, uint32(len(command))} {
		le.PutUint32(head[4*i:], v)
	}
	return []byte(string(head) + string(command) + text + strings.Repeat("\x00", minSize))
}

func TestStated(t *testing.T) {
	product := func(name, version string) [][2]string {
		return [][2]string{{"CompanyName", "Acme"}, {"ProductName", name}, {"ProductVersion", version}, {"OriginalFilename", "x.exe"}}
	}
	for _, tt := range []struct {
		what, path    string
		data          []byte
		precise, more []string
	}{
		{"VERSIONINFO", "x.exe", windows("", product("Rocket Skates", "5, 6, 7, 0")...), []string{"is pkg:generic/rocket-skates@5.6.7.0 pe-version-info"}, nil},
		{"VERSIONINFO of a known product", "x.dll", windows("", product("zlib", "1.3.1")...), []string{"is pkg:generic/zlib@1.3.1 pe-version-info"}, nil},
		{"VERSIONINFO that says the same", "nginx.exe", windows(lines("nginx/1.22.1"), product("nginx", "1.22.1")...), []string{"is pkg:generic/nginx@1.22.1 table-self"}, nil},
		{"VERSIONINFO that is surer", "foo.exe", windows(lines("foo 1.2.3 (c) me"), product("Bar", "4.5.6")...), []string{"is pkg:generic/bar@4.5.6 pe-version-info"}, nil},
		{"VERSIONINFO without a version", "x.exe", windows("", product("Bar", "none")...), nil, nil},
		{"dylib", "libfoo.dylib", dylib("@rpath/libfoo.dylib", 1<<16|2<<8|3, ""), nil, []string{"is pkg:generic/libfoo@1.2.3 dylib-version"}},
		{"dylib with its version in the name", "libfoo.1.2.3.dylib", dylib("@rpath/libfoo.1.2.3.dylib", 1<<16|2<<8|3, ""), []string{"is pkg:generic/libfoo@1.2.3 dylib-version-and-name"}, nil},
		{"section of a module", "foo.wasm", append(testbin.Wasm("version", []byte("1.2.3")), "\x00\x20\x01p                              "...), []string{"is pkg:generic/foo@1.2.3 wasm-version"}, nil},
	} {
		for _, eager := range []bool{false, true} {
			r, err := detector(t, eager).Identify(context.Background(), tt.path, int64(len(tt.data)), bytes.NewReader(tt.data))
			if err != nil {
				t.Fatal(err)
			}
			want := tt.precise
			if eager && tt.more != nil {
				want = tt.more
			}
			got := slices.DeleteFunc(told(r), func(s string) bool { return !strings.HasPrefix(s, "is ") })
			if !slices.Equal(got, want) {
				t.Errorf("%s, eager %t: %q, want %q", tt.what, eager, got, want)
			}
		}
	}
}
