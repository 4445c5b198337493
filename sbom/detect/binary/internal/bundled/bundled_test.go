package bundled

import (
	"bytes"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestOf has what the releases' own lists say.
func TestOf(t *testing.T) {
	for _, tt := range []struct{ runtime, release, want string }{
		{"node", "26.10.0", "openssl 3.5.8"},
		{"node", "26.10.0", "zlib 1.3.2.1"},
		{"node", "26.10.0", "v8 14.6.202.34"},
		{"node", "26.10.0", "undici 8.10.2"},
		{"node", "26.9.0", "libuv 1.52.1"},
		{"vips", "8.15.3", "libxml2 2.13.3"},
		{"bun", "1.4.4", "sqlite 3.53.4"},
		{"bun", "1.4.4", "boringssl 41bf9b59c2ebf277a7aa427e1ecad5cc80dd4d4f"},
	} {
		if !slices.ContainsFunc(Of(tt.runtime, tt.release), func(l Library) bool { return l.Name+" "+l.Version == tt.want }) {
			t.Errorf("%s %s has not %s", tt.runtime, tt.release, tt.want)
		}
	}
	for _, none := range [][2]string{{"node", "0.0.1"}, {"node", ""}, {"perl", "26.10.0"}} {
		if got := Of(none[0], none[1]); got != nil {
			t.Errorf("%s: %v", none, got)
		}
	}
}

// TestCompatibility leaves out what Bun lists because Node has it.
func TestCompatibility(t *testing.T) {
	for release := range tables["bun"]() {
		for _, l := range Of("bun", release) {
			if l.Name == "openssl" || l.Name == "libuv" || l.Name == "v8" {
				t.Errorf("bun %s has %+v", release, l)
			}
		}
	}
}

// TestTables has every release list itself, in columns of which most are known.
func TestTables(t *testing.T) {
	for runtime, least := range map[string]int{"node": 100, "bun": 50, "deno": 10, "vips": 10} {
		lists := tables[runtime]()
		if len(lists) < least {
			t.Errorf("%s: %d releases", runtime, len(lists))
		}
		for release, list := range lists {
			if !strings.HasPrefix(list[runtime], release) || len(Of(runtime, release)) < 5 && runtime != "deno" {
				t.Errorf("%s %s: %v", runtime, release, list)
			}
		}
	}
}

// TestKeys has no two rows for a key, and names and package URLs where they belong.
func TestKeys(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range projects() {
		if k := p.runtime + " " + p.key; seen[k] || p.name == "" || p.purl != "" && !strings.Contains(p.purl, "/") || tables[p.runtime] == nil {
			t.Errorf("%+v", p)
		} else {
			seen[k] = true
		}
	}
}

func TestPlain(t *testing.T) {
	for listed, want := range map[string]string{"1.3.0.1-motley-82a5fec": "1.3.0.1", "1.3.1-e00f703": "1.3.1", "3.0.15+quic": "3.0.15", "11.3.244.8-node.26": "11.3.244.8",
		"15.0.245.2-rusty": "15.0.245.2", "1.1.1w": "1.1.1w", "7.0.0-alpha.8": "7.0.0-alpha.8", "0.1.0-DEV": "0.1.0-DEV", "d6375c72affe0f70222cdcb45012b10f0bf3a9d5": "d6375c72affe0f70222cdcb45012b10f0bf3a9d5"} {
		if got := plain(listed); got != want {
			t.Errorf("%s is %s, want %s", listed, got, want)
		}
	}
}

// TestFirst writes what is as in the release before only once, and what is gone as none.
func TestFirst(t *testing.T) {
	lists := Lists{"1.2.0": {"a": "1"}, "1.10.0": {"a": "1", "b": "2"}, "2.0.0": {"b": "2"}}
	var b bytes.Buffer
	if err := lists.Write(&b); err != nil {
		t.Fatal(err)
	}
	if want := "release\ta\tb\n1.2.0\t1\t-\n1.10.0\t\t2\n2.0.0\t-\t\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestErrors(t *testing.T) {
	for _, table := range []string{"", "release\t\n1.0.0\t\n", "release\ta\n1.0.0\n", "release\ta\n1.0.0\tx\ty\n", "release\ta\n1.0.0\tx\n1.0.0\tx\n"} {
		if _, err := Read(strings.NewReader(table)); !errors.Is(err, ErrTable) {
			t.Errorf("%q: error %v", table, err)
		}
	}
}

// FuzzRead reads again what it writes.
func FuzzRead(f *testing.F) {
	f.Add("release\ta\tb\n1.2.0\t1\t-\n1.10.0\t\t2\n2.0.0\t-\t\n")
	f.Add("release\t\n1\t\n")
	f.Fuzz(func(t *testing.T, table string) {
		lists, err := Read(strings.NewReader(table))
		if err != nil || strings.Contains(table, "\r") {
			return // Lines of other systems are not written.
		}
		var b bytes.Buffer
		if err := lists.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&b)
		if err != nil || !reflect.DeepEqual(slices.Sorted(maps.Keys(lists)), slices.Sorted(maps.Keys(again))) {
			t.Errorf("%q: %v, again %v, %v", table, lists, again, err)
		}
	})
}
