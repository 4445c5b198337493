package rpm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagetrust/imagetrust/internal/rpmdb/rpmdbtest"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
	"github.com/imagetrust/imagetrust/sbom/detect/rpm"
)

const sqlite = "var/lib/rpm/rpmdb.sqlite"

func Example() {
	data := rpmdbtest.SQLite(rpmdbtest.Package("libssl3", "3.0.7", "27.el9", "x86_64",
		rpmdbtest.Value{Tag: 1003, Data: []uint32{1}}, rpmdbtest.Value{Tag: 1044, Data: "openssl-3.0.7-27.el9.src.rpm"}))
	f := &detect.File{
		Entry:    detect.Entry{Path: "usr/lib/sysimage/rpm/rpmdb.sqlite", Size: int64(len(data))},
		ReaderAt: bytes.NewReader(data),
	}
	frag, err := rpm.New().Detect(context.Background(), f)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := frag.Components[0]
	fmt.Println(c.Name, c.Version, "from", c.Source.Name, c.Source.Version)
	fmt.Println(sbom.QualifyPURL(c.PURL, &sbom.Distribution{ID: "rocky", VersionID: "9.4"}))
	// Output:
	// libssl3 1:3.0.7-27.el9 from openssl 1:3.0.7-27.el9
	// pkg:rpm/rocky/libssl3@3.0.7-27.el9?arch=x86_64&distro=rocky-9.4&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm
}

func v(tag uint32, data any) rpmdbtest.Value { return rpmdbtest.Value{Tag: tag, Data: data} }

// files returns the values of a package's files, and of what says more of them.
func files(dirs, bases []string, dirIndexes []uint32, more ...rpmdbtest.Value) []rpmdbtest.Value {
	return append(more, v(1116, dirIndexes), v(1117, bases), v(1118, dirs))
}

var sum = strings.Repeat("0", 64)

// quirks are packages by what is special about them, in the order of the golden
// file.
func quirks() []quirk {
	pkg := func(name string, more ...rpmdbtest.Value) []byte {
		return rpmdbtest.Package(name, "1", "2", "noarch", more...)
	}
	digested := func(algorithm uint32, size int) []byte {
		return pkg(fmt.Sprintf("digest-%d", algorithm), files([]string{"/"}, []string{"a"}, []uint32{0}, v(5011, []uint32{algorithm}), v(1035, []string{strings.Repeat("0", 2*size)}))...)
	}
	return []quirk{
		{"plain", [][]byte{
			rpmdbtest.Package("bash", "5.1.8", "6.el9", "x86_64", v(1011, "Rocky"), v(1014, "GPLv3+"), v(1004, "The shell"),
				v(1044, "bash-5.1.8-6.el9.src.rpm"), v(1047, []string{"bash", "/bin/sh"}), v(1049, []string{"libc.so.6()(64bit)", "rpmlib(X)", "(a if b)", "bash"})),
			rpmdbtest.Package("glibc", "2.34", "1", "x86_64", v(1011, "(none)"), v(1015, "A Packager"), v(1014, "LGPLv2+"),
				v(1047, []string{"glibc", "libc.so.6()(64bit)"})),
			rpmdbtest.Package("tool", "1", "1", "noarch", v(1014, "MIT AND ASL 2.0"), v(1049, []string{"/bin/sh", "/usr/lib/x", "bash", "nothing"})),
			rpmdbtest.Package("x", "1", "1", "noarch", files([]string{"/usr/lib/"}, []string{"x"}, []uint32{0})...),
		}},
		{"epoch and module", [][]byte{rpmdbtest.Package("perl", "5.26", "4", "x86_64", v(1003, []uint32{4}),
			v(5096, "perl:5.26:8020:6a468ee4"), v(1044, "perl-5.26-3.src.rpm"))}},
		{"epoch zero", [][]byte{pkg("zero", v(1003, []uint32{0}))}},
		{"nosrc", [][]byte{pkg("java", v(1044, "java-1.8.0-1.2-3.nosrc.rpm"))}},
		{"bad source", [][]byte{pkg("a", v(1044, "a.src.rpm")), pkg("b", v(1044, "b-1-2.zip")), pkg("c", v(1044, "-1-2.src.rpm"))}},
		{"public key", [][]byte{rpmdbtest.Package("gpg-pubkey", "c105b9de", "4e0fd3a3", "(none)", v(1044, "(none)"))}},
		{"two kernels", [][]byte{
			rpmdbtest.Package("kernel", "5", "1", "x86_64", files([]string{"/boot/"}, []string{"vmlinuz-5"}, []uint32{0})...),
			rpmdbtest.Package("kernel", "6", "1", "x86_64", files([]string{"/boot/"}, []string{"vmlinuz-6"}, []uint32{0})...),
			rpmdbtest.Package("kernel", "6", "1", "x86_64", files([]string{"/boot/"}, []string{"again"}, []uint32{0})...),
			rpmdbtest.Package("user", "6", "1", "x86_64", v(1049, []string{"/boot/vmlinuz-6"})),
		}},
		{"two architectures", [][]byte{rpmdbtest.Package("lib", "1", "1", "x86_64"), rpmdbtest.Package("lib", "1", "1", "i686")}},
		{"files", [][]byte{pkg("files", files([]string{"/usr/bin/", "/etc/", "/usr/share/doc/f/", "/"},
			[]string{"ls", "link", "conf", "README", "dir", "ghost", "replaced", "left-out", "color", "noverify", "top", "missingok"},
			[]uint32{0, 0, 1, 2, 0, 1, 0, 0, 0, 0, 3, 0},
			v(5011, []uint32{8}),
			v(1035, []string{sum, "", sum, sum, "", sum, sum, sum, sum, sum, "short", sum}),
			v(1030, []uint16{0o100755, 0o120777, 0o100644, 0o100644, 0o40755, 0o100644, 0o100755, 0o100755, 0o100755, 0o100755, 0o100755, 0o100755}),
			v(1037, []uint32{0, 0, 1, 2, 0, 64, 0, 0, 0, 0, 0, 8}),
			v(1029, []byte{0, 0, 0, 0, 0, 0, 1, 2, 4, 0, 0, 0}),
			v(1045, []uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0), ^uint32(1), ^uint32(0), ^uint32(0)}),
		)...)}},
		{"md5 by default", [][]byte{pkg("old", files([]string{"/"}, []string{"a"}, []uint32{0}, v(1035, []string{sum[:32]}))...)}},
		{"sha1", [][]byte{digested(2, 20)}}, {"sha224", [][]byte{digested(11, 28)}}, {"sha384", [][]byte{digested(9, 48)}}, {"sha512", [][]byte{digested(10, 64)}},
		{"unknown digest", [][]byte{pkg("new", files([]string{"/"}, []string{"a"}, []uint32{0}, v(5011, []uint32{99}), v(1035, []string{sum}))...)}},
		{"impossible paths", [][]byte{pkg("evil", files([]string{"/../../", "/\xff/", "/"}, []string{"etc/shadow", "a", ""}, []uint32{0, 1, 2})...)}},
		{"missing", [][]byte{rpmdbtest.Header(v(1000, "nameonly")), rpmdbtest.Header(v(1001, "1")), rpmdbtest.Header(v(1000, "a/b"), v(1001, "1")),
			rpmdbtest.Package("spaces", "1 2", "3", "x86 64"), rpmdbtest.Package("norelease", "1", "", "noarch")}},
		{"half readable", [][]byte{pkg("half", v(1014, []uint32{1}), v(1116, []uint32{9}), v(1117, []string{"a"}), v(1118, []string{"/"}))}},
	}
}

type quirk struct {
	name    string
	headers [][]byte
}

// TestQuirks compares what each database says with testdata/quirks.golden; all
// three formats must say the same.
func TestQuirks(t *testing.T) {
	var got txtar.Archive
	for _, q := range quirks() {
		text := dump(detecttest.Detect(t, rpm.New(), sqlite, rpmdbtest.SQLite(q.headers...)))
		got.Files = append(got.Files, txtar.File{Name: q.name, Data: text})
		for path, data := range map[string][]byte{
			"var/lib/rpm/Packages":             rpmdbtest.BDB(false, q.headers...),
			"usr/share/rpm/Packages":           rpmdbtest.BDB(true, q.headers...),
			"usr/lib/sysimage/rpm/Packages.db": rpmdbtest.NDB(q.headers...),
		} {
			if other := dump(detecttest.Detect(t, rpm.New(), path, data)); !bytes.Equal(other, text) {
				t.Errorf("%s in %s:\n%s\nin SQLite:\n%s", q.name, path, other, text)
			}
		}
	}
	golden.Compare(t, txtar.Format(&got), "testdata/quirks.golden")
}

func TestConformance(t *testing.T) {
	var all [][]byte
	for _, q := range quirks() {
		if q.name != "missing" {
			all = append(all, q.headers...)
		}
	}
	detecttest.Run(t, rpm.New(),
		detecttest.File{Path: sqlite, Data: rpmdbtest.SQLite(all...)},
		detecttest.File{Path: "opt/rootfs/var/lib/rpm/Packages", Data: rpmdbtest.BDB(false, all...)},
		detecttest.File{Path: "usr/lib/sysimage/rpm/Packages.db", Data: rpmdbtest.NDB(all...)},
		detecttest.File{Path: sqlite + "-wal", Data: []byte("x")},
		detecttest.File{Path: "var/lib/rpmmanifest/container-manifest-2", Data: []byte(manifestText)},
	)
}

// dump writes a fragment for people.
func dump(frag *detect.Fragment) []byte {
	var b bytes.Buffer
	for _, c := range frag.Components {
		fmt.Fprintf(&b, "component %s %v version %q\n  %s\n", c.Key, c.Aliases, c.Version, c.PURL)
		fmt.Fprintf(&b, "  source %v supplier %q description %q properties %v\n",
			c.Source, c.Supplier, c.Description, c.Properties)
		for _, l := range c.Licenses {
			fmt.Fprintf(&b, "  license %q %q\n", l.Expression, l.Name)
		}
	}
	for _, c := range frag.Claims {
		fmt.Fprintf(&b, "claim %s %q %s", c.Key, c.Path, c.Digest)
		if c.Config {
			b.WriteString(" config")
		}
		if c.Optional {
			b.WriteString(" optional")
		}
		b.WriteString("\n")
	}
	for _, r := range frag.Relations {
		fmt.Fprintf(&b, "%s %s %s\n", r.From, r.Type, r.To)
	}
	for _, g := range frag.Gaps {
		fmt.Fprintf(&b, "gap %s %s\n", g.Kind, g.Message)
	}
	return b.Bytes()
}

func TestNestedRoot(t *testing.T) {
	data := rpmdbtest.NDB(rpmdbtest.Package("a", "1", "1", "noarch", files([]string{"/usr/bin/"}, []string{"a"}, []uint32{0},
		v(1049, []string{"/usr/bin/b"}))...), rpmdbtest.Package("b", "1", "1", "noarch", files([]string{"/usr/bin/"}, []string{"b"}, []uint32{0})...))
	frag := detecttest.Detect(t, rpm.New(), "opt/r/usr/lib/sysimage/rpm/Packages.db", data)
	if frag.Components[0].Key != "opt/r/a.noarch" || frag.Claims[0].Path != "opt/r/usr/bin/a" || frag.Relations[0].To != "opt/r/b.noarch" {
		t.Errorf("%s", dump(frag))
	}
}

func TestWants(t *testing.T) {
	for p, want := range map[string]bool{
		"var/lib/rpm/Packages":                     true,
		"var/lib/rpm/Packages.db":                  true,
		"var/lib/rpm/rpmdb.sqlite":                 true,
		"var/lib/rpm/rpmdb.sqlite-wal":             true,
		"var/lib/rpm/rpmdb.sqlite-shm":             false,
		"var/lib/rpm/Index.db":                     false,
		"var/lib/rpm/Basenames":                    false,
		"usr/lib/sysimage/rpm/rpmdb.sqlite":        true,
		"usr/share/rpm/rpmdb.sqlite":               true,
		"opt/r/var/lib/rpm/Packages":               true,
		"xvar/lib/rpm/Packages":                    false,
		"Packages":                                 false,
		"srv/repo/Packages":                        false,
		"var/lib/rpmmanifest/container-manifest-2": true,
		"var/lib/rpmmanifest/container-manifest-1": false,
	} {
		if got := rpm.New().Wants(&detect.Entry{Path: p, Size: 1}); got != want {
			t.Errorf("Wants(%s) = %v", p, got)
		}
	}
	if rpm.New().Wants(&detect.Entry{Path: sqlite + "-wal"}) {
		t.Error("wants an empty write-ahead log")
	}
}

func TestJournalIsGap(t *testing.T) {
	frag := detecttest.Detect(t, rpm.New(), sqlite+"-wal", []byte("x"))
	if len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapUnsupported {
		t.Errorf("%s", dump(frag))
	}
}

const manifestText = "azurelinux-release\t3.0-16.azl3\t1715000000\t1714000000\tMicrosoft Corporation\t(none)\t10034\tnoarch\t0\tazurelinux-release-3.0-16.azl3.src.rpm\n" +
	"openssl-libs\t3.3.0-1.azl3\t1\t1\tMicrosoft Corporation\t1\t5\tx86_64\t1\topenssl-3.3.0-1.azl3.src.rpm\r\n" +
	"broken line\n" +
	"gpg-pubkey\t3135ce90-5e6fda74\t1\t1\t(none)\t(none)\t0\t(none)\t0\t(none)\n"

func TestManifest(t *testing.T) {
	frag := detecttest.Detect(t, rpm.New(), "var/lib/rpmmanifest/container-manifest-2", []byte(manifestText))
	const want = `component azurelinux-release.noarch [] version "3.0-16.azl3"
  pkg:rpm/azurelinux-release@3.0-16.azl3?arch=noarch&upstream=azurelinux-release-3.0-16.azl3.src.rpm
  source &{azurelinux-release 3.0-16.azl3} supplier "Microsoft Corporation" description "" properties []
component openssl-libs.x86_64 [] version "1:3.3.0-1.azl3"
  pkg:rpm/openssl-libs@3.3.0-1.azl3?arch=x86_64&epoch=1&upstream=openssl-3.3.0-1.azl3.src.rpm
  source &{openssl 1:3.3.0-1.azl3} supplier "Microsoft Corporation" description "" properties []
gap corrupt line 3 names no package: "broken line"
`
	if got := string(dump(frag)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestDamage: with one of two packages damaged, the other is found and the damage
// is a gap; with nothing readable, there is an error.
func TestDamage(t *testing.T) {
	data := rpmdbtest.NDB(rpmdbtest.Package("a", "1", "1", "noarch"), rpmdbtest.Package("b", "1", "1", "noarch"))
	data[4096+20]++
	frag, err := detecttest.DetectFile(t, rpm.New(), detecttest.File{Path: "var/lib/rpm/Packages.db", Data: data})
	if err != nil || len(frag.Components) != 1 || len(frag.Gaps) != 1 || frag.Gaps[0].Kind != sbom.GapCorrupt {
		t.Errorf("error %v\n%s", err, dump(frag))
	}
	for _, tt := range []struct {
		data []byte
		want error
	}{
		{nil, detect.ErrFormat},
		{make([]byte, 8192), detect.ErrFormat},
		{append([]byte("RpmP\x01"), make([]byte, 8192)...), detect.ErrUnsupported},
	} {
		_, err := detecttest.DetectFile(t, rpm.New(), detecttest.File{Path: "var/lib/rpm/Packages.db", Data: tt.data})
		if !errors.Is(err, tt.want) {
			t.Errorf("error %v, want %v", err, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	var limit *detect.LimitError
	f := &detect.File{Entry: detect.Entry{Path: sqlite, Size: 1<<30 + 1}, ReaderAt: bytes.NewReader(nil)}
	if _, err := rpm.New().Detect(context.Background(), f); !errors.As(err, &limit) {
		t.Errorf("long file: error %v", err)
	}
	n := 2000
	bases := strings.Split(strings.Repeat("a ", n), " ")[:n]
	data := rpmdbtest.NDB(
		rpmdbtest.Package("deep", "1", "1", "noarch", files([]string{"/" + strings.Repeat("d", 4000) + "/"}, bases, make([]uint32, n))...),
		rpmdbtest.Package("next", "1", "1", "noarch"))
	f = &detect.File{Entry: detect.Entry{Path: "var/lib/rpm/Packages.db", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
	frag, err := rpm.New().Detect(context.Background(), f)
	if !errors.As(err, &limit) || limit.What != "bytes of paths" {
		t.Errorf("long paths: error %v", err)
	}
	if len(frag.Components) != 1 || len(frag.Claims) == 0 || frag.Claims[0].Key != "deep.noarch" {
		t.Errorf("long paths: %d components, %d claims", len(frag.Components), len(frag.Claims))
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := rpmdbtest.NDB(rpmdbtest.Package("a", "1", "1", "noarch"))
	f := &detect.File{Entry: detect.Entry{Path: "var/lib/rpm/Packages.db", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
	if _, err := rpm.New().Detect(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func FuzzDetect(f *testing.F) {
	paths := []string{sqlite, "var/lib/rpm/Packages", "var/lib/rpm/Packages.db", "var/lib/rpmmanifest/container-manifest-2"}
	for i, q := range quirks() {
		if i == 0 || q.name == "files" {
			f.Add(uint8(0), rpmdbtest.SQLite(q.headers...))
			f.Add(uint8(1), rpmdbtest.BDB(false, q.headers...))
			f.Add(uint8(2), rpmdbtest.NDB(q.headers...))
		}
	}
	f.Add(uint8(3), []byte(manifestText))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		p := paths[int(which)%len(paths)]
		if err := detecttest.Check(rpm.New(), detecttest.File{Path: p, Data: data}); err != nil {
			t.Fatal(err)
		}
	})
}
