package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/unwind"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

func TestIsArchive(t *testing.T) {
	for path, want := range map[string]bool{
		"./usr/lib/x86_64-linux-gnu/libz.a": true, "usr/lib/x86_64-linux-gnu/hdf5/serial/libhdf5.a": true, "usr/lib/libjudydebug.a": true,
		"usr/lib/x86_64-linux-musl/libc.a": true, "usr/lib/debug/usr/lib/libz.a": false, "usr/lib/x86_64-linux-gnu/libz.so": false,
		"usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a": false, "usr/lib/x86_64-linux-gnu/z.a": false, "usr/lib/x86_64-linux-gnu/libm_p.a": false,
	} {
		if got := isArchive(path); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
}

// cSource has functions that save registers and return at several places.
const cSource = `
extern int put(int), get(int, int, int);
int NAME(int a, int b, int c) {
	int d = put(a), e = put(b), f = put(c), g = d * e + f;
	if (d > e) return get(d, e, f);
	for (int i = 0; i < g; i++) { if (put(i) == 3) return get(g, e, i); g += get(i, d, e); }
	if (g > 77) { put(g); put(f); return get(e, f, g); }
	if (g > 9) { put(g); put(f); put(e); return e; }
	return get(a + g, b + d, c + e) + OTHER;
}
int NAME2(int a, int b, int c) {
	int d = put(a), e = put(b), f = put(c), g = d * e + f;
	if (d > e) return get(d, e, f);
	for (int i = 0; i < g; i++) { if (put(i) == 3) return get(g, e, i); g += get(i, d, e); }
	if (g > 77) { put(g); put(f); return get(e, f, g); }
	if (g > 9) { put(g); put(f); put(e); return e; }
	if (g > 5) { put(e); return get(put(g), put(f), put(e)); }
	return get(a + g, b + d, c + e) + OTHER + 7;
}
`

// TestMembers reads an archive that a compiler made.
func TestMembers(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("%s: %v: %s", name, err, out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "a.c"), []byte(cSource), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, m := range [][2]string{{"first", "second(1, 2, 3); int second(int, int, int)"}, {"second", "0"}, {"third", "5"}} {
		other := m[1]
		if m[0] == "first" {
			other = "put(1)"
		}
		run("gcc", "-m64", "-O2", "-fasynchronous-unwind-tables", "-c", "a.c", "-o", m[0]+".o", "-DNAME="+m[0], "-DNAME2="+m[0]+"2", "-DOTHER="+other)
	}
	if err := os.WriteFile(filepath.Join(dir, "put.c"), []byte("int put(int a) { return a; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	run("gcc", "-m64", "-O2", "-c", "put.c")
	run("ar", "rc", "lib.a", "first.o", "second.o", "third.o", "put.o")
	b, err := os.ReadFile(filepath.Join(dir, "lib.a"))
	if err != nil {
		t.Fatal(err)
	}
	got := members(b)
	if len(got) != 4 {
		t.Skipf("%d members: not for x86-64", len(got))
	}
	for i := range 3 {
		if len(got[i].Functions) == 0 || !slices.Equal(got[i].Needs, []int{3}) {
			t.Errorf("member %d: %+v", i, got[i])
		}
	}
	if t.Failed() {
		return
	}
	if got[1].Functions[0] == got[0].Functions[0] || len(got[3].Functions) != 0 {
		t.Errorf("%+v", got)
	}
	// A program that is linked with it has the same.
	run("gcc", "-m64", "-shared", "-nostdlib", "-Wl,--unresolved-symbols=ignore-all", "-o", "program", "third.o", "second.o", "put.o")
	b, err = os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	var linked []uint64
	r := unwind.Reader{Function: func(f uint64, _, _ int64) { linked = append(linked, f) }}
	_, _ = r.Write(b)
	for _, i := range []int{1, 2} {
		if !slices.Contains(linked, got[i].Functions[0].Fingerprint) {
			t.Errorf("member %d is not found where it was linked", i)
		}
	}
	if slices.Contains(linked, got[0].Functions[0].Fingerprint) {
		t.Error("a member is found that was not linked")
	}
}

func TestMembersOfNothing(t *testing.T) {
	for _, text := range []string{"", "!<arch>\n", "!<arch>\nshort", "\x7fELF"} {
		if got := members([]byte(text)); len(got) != 0 {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

func functions(list ...uint64) []function {
	var out []function
	for i, f := range list {
		out = append(out, function{f << 40, uint32(1000 - i)})
	}
	return out
}

// TestChoose wants functions of whatever is linked, and of no object file more than a few.
func TestChoose(t *testing.T) {
	s := &static{Archives: []staticLibrary{{Members: []member{
		{functions(1, 2, 3), []int{1}}, {functions(4, 5, 6, 7, 8, 9, 10, 11), nil}, {functions(12), []int{1}}, {functions(13), nil}, {nil, []int{3}}, {functions(14), nil},
	}}}}
	got := s.choose(func(f uint64) bool { return f != 14<<40 })
	if len(got) != 2 || len(got[0]) != perObject || got[0][0] != 4<<40 || len(got[1]) != 1 || got[1][0] != 13<<40 {
		t.Errorf("%x", got)
	}
}

func TestFingerprints(t *testing.T) {
	dir := t.TempDir()
	suites := []string{"bookworm", "trixie"}
	one := func(list ...uint64) []staticLibrary {
		return []staticLibrary{{"/usr/lib/libx.a", []member{{functions(list...), nil}}}}
	}
	for _, s := range []static{
		{Suite: "bookworm", Source: "libalpha", Version: "1:1.2+dfsg-3", Package: "libalpha-dev", Archives: one(1, 2, 3, 90, 91)},
		{Suite: "trixie", Source: "libalpha", Version: "1.2-9", Package: "libalpha-dev", Archives: one(1, 20)},
		{Suite: "trixie", Source: "beta", Version: "3.1-20221030-2", Package: "beta-dev", Archives: one(4, 5, 90)},
		{Suite: "bookworm", Source: "gamma", Version: "4.4-0+deb12u1", Package: "gamma-dev", Archives: one(6, 7)},
	} {
		if err := writeRecord(filepath.Join(dir, "static", s.Suite, s.Source+".json.zst"), &s); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range []user{{"libalpha", []uint64{1 << 40}}, {"tool", []uint64{91 << 40, 92 << 40}}} {
		if err := writeRecord(filepath.Join(dir, "users", "bookworm", u.Source+".json.zst"), &u); err != nil {
			t.Fatal(err)
		}
	}
	table, err := fingerprints(filepath.Join(dir, "static"), suites, &rules.Table{Products: []rules.Product{{Name: "Alpha", Names: []string{"alpha"}}}})
	if err != nil {
		t.Fatal(err)
	}
	for f, want := range map[uint64]string{1: "Alpha 1.2", 2: "Alpha 1.2", 20: "Alpha 1.2", 4: "beta 3.1-20221030", 5: "beta 3.1-20221030", 90: "", 91: "", 6: "", 8: ""} {
		got := ""
		if g, ok := table.Find(f << 40); ok {
			l := table.Library(table.Group(g).Library)
			got = l.Name + " " + l.Version
		}
		if got != want {
			t.Errorf("function %d is of %q, want %q", f, got, want)
		}
	}
	a, _ := table.Find(1 << 40)
	b, _ := table.Find(2 << 40)
	if a == b {
		t.Error("what is in the builds of two suites is in one group with what is in one of them")
	}
}
