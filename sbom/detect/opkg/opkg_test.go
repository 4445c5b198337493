package opkg_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/opkg"
)

func Example() {
	status := "Package: dropbear\nVersion: 2024.86-r1\nStatus: install user installed\nArchitecture: x86_64\n"
	f := detecttest.File{Path: "usr/lib/opkg/status", Data: []byte(status)}.Open()
	frag, err := opkg.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frag.Components[0].PURL)
	// Output: pkg:opkg/dropbear@2024.86-r1?arch=x86_64
}

func TestQuirks(t *testing.T) {
	golden.Check(t, opkg.New(), golden.Files(t, "testdata/quirks.txtar"), "testdata/quirks.golden")
}

func TestConformance(t *testing.T) {
	detecttest.Run(t, opkg.New(), golden.Files(t, "testdata/quirks.txtar")...)
}

func TestWants(t *testing.T) {
	golden.WantsEmpty(t, opkg.New(), map[string]bool{
		"usr/lib/opkg/status":                  true,
		"var/lib/opkg/status":                  true,
		"opt/r/usr/lib/opkg/status":            true,
		"usr/lib/opkg/info/a.list":             true,
		"usr/lib/opkg/info/a.control":          true,
		"var/lib/opkg/info/a.b.list":           true,
		"usr/lib/opkg/info/a.files-sha256sum":  true,
		"usr/lib/opkg/info/a.postinst":         false,
		"usr/lib/opkg/info/.list":              false,
		"usr/lib/opkg/lists/openwrt_base":      false,
		"xusr/lib/opkg/status":                 false,
		"usr/lib/opkg/a.list":                  false,
		"var/lib/dpkg/info/a.list":             false,
		"status":                               false,
		"usr/lib/python3/status":               false,
		"srv/build/root/usr/lib/opkg/info/a.b": false,
	})
}

// TestShared reads the database of an OpenWrt system.
func TestShared(t *testing.T) {
	data, err := os.ReadFile("../../../../shared/pkgdb/openwrt.opkg-status")
	if err != nil {
		t.Skip("the collection of package databases is not here: ", err)
	}
	frag := detecttest.Detect(t, opkg.New(), "usr/lib/opkg/status", data)
	var purls []string
	for _, c := range frag.Components {
		purls = append(purls, c.PURL)
	}
	want := "pkg:opkg/ubus@2024.10.20~252a9b0c-r1?arch=x86_64 pkg:opkg/libuci20130104@2023.08.10~5781664d-r1?arch=x86_64 pkg:opkg/busybox@1.36.1-r2?arch=x86_64"
	if strings.Join(purls, " ") != want || len(frag.Gaps) != 0 || len(frag.Claims) != 1 || frag.Claims[0].Digest.Algorithm() != "sha256" {
		t.Errorf("%s", golden.Text(frag))
	}
}

func TestLimits(t *testing.T) {
	packages := func(n int) []byte {
		var b bytes.Buffer
		for i := range n {
			fmt.Fprintf(&b, "Package: p%d\nVersion: 1\nStatus: install ok installed\nArchitecture: all\n\n", i)
		}
		return b.Bytes()
	}
	for _, tt := range []struct {
		name, path string
		data       []byte
	}{
		{"long", "usr/lib/opkg/status", make([]byte, 16<<20+1)},
		{"many packages", "usr/lib/opkg/status", packages(1<<16 + 1)},
		{"many dependencies", "usr/lib/opkg/status", []byte("Package: a\nVersion: 1\nStatus: install ok installed\nDepends: " + strings.Repeat("b,", 1<<12+1))},
		{"many files", "usr/lib/opkg/info/a.list", bytes.Repeat([]byte("/usr/lib/a\n"), 1<<17+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := detecttest.File{Path: tt.path, Data: tt.data}.Open()
			if _, err := opkg.New().Detect(context.Background(), f); !errors.Is(err, detect.ErrLimit) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// FuzzDetect checks the contract, and that a Package field is a component or a gap
// unless it says that it is neither.
func FuzzDetect(f *testing.F) {
	golden.Fuzz(f, opkg.New(), golden.Files(f, "testdata/quirks.txtar"), golden.Told(func(in detecttest.File) bool {
		return strings.HasSuffix(in.Path, "status") && bytes.HasPrefix(in.Data, []byte("Package: ")) && !bytes.Contains(in.Data, []byte("not-installed"))
	}))
}

func BenchmarkStatus(b *testing.B) {
	var data bytes.Buffer
	for i := range 500 {
		fmt.Fprintf(&data, "Package: p%d\nVersion: 1\nDepends: libc, p%d\nStatus: install ok installed\nArchitecture: all\n\n", i, i/2)
	}
	if frag := golden.Benchmark(b, opkg.New(), detecttest.File{Path: "usr/lib/opkg/status", Data: data.Bytes()}); len(frag.Components) != 500 {
		b.Errorf("%s", golden.Text(frag))
	}
}
