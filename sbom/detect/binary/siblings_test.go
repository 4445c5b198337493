package binary

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// files returns the reports of a tree.
func reports(t testing.TB, files []detecttest.File) []File {
	t.Helper()
	d := detector(t, false)
	var out []File
	for _, f := range files {
		r, err := d.Identify(context.Background(), f.Path, int64(len(f.Data)), bytes.NewReader(f.Data))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, File{f.Path, r})
	}
	return out
}

// TestSiblings has files of PostgreSQL that say nothing, and what others of it say.
func TestSiblings(t *testing.T) {
	says := func(version string) []byte { return dynamic(lines("psql (PostgreSQL) "+version), "libpq.so.5") }
	silent, unlinked := library("libpq.so.5", lines("x")), dynamic(lines("x"))
	for _, tt := range []struct {
		what  string
		files []detecttest.File
		want  string // of the first file
	}{
		{"linked", []detecttest.File{{Path: "a/lib/libpq.so.5.15", Data: silent}, {Path: "b/bin/psql", Data: says("15.18")}, {Path: "c/bin/createdb", Data: unlinked}}, "postgresql 15.18 linked-sibling 0.9"},
		{"linked with two versions", []detecttest.File{{Path: "a/libpq.so.5.15", Data: silent}, {Path: "b/psql", Data: says("15.18")}, {Path: "c/psql", Data: says("14.1")}}, ""},
		{"in the same directory", []detecttest.File{{Path: "bin/createdb", Data: unlinked}, {Path: "bin/psql", Data: says("15.18")}, {Path: "old/psql", Data: says("14.1")}}, "postgresql 15.18 sibling 0.86"},
		{"in the same tree", []detecttest.File{{Path: "x/usr/sbin/createdb", Data: unlinked}, {Path: "x/bin/psql", Data: says("15.18")}, {Path: "y/bin/psql", Data: says("14.1")}}, "postgresql 15.18 sibling 0.82"},
		{"in the same tree, in two versions", []detecttest.File{{Path: "x/usr/sbin/createdb", Data: unlinked}, {Path: "x/bin/psql", Data: says("15.18")}, {Path: "x/lib/psql", Data: says("14.1")}}, ""},
		{"in another tree", []detecttest.File{{Path: "x/usr/sbin/createdb", Data: unlinked}, {Path: "y/bin/psql", Data: says("14.1")}}, ""},
		{"of another project", []detecttest.File{{Path: "bin/createdb", Data: unlinked}, {Path: "bin/nginx", Data: dynamic(lines("nginx version: nginx/1.22.1"))}}, ""},
		{"without a name", []detecttest.File{{Path: "bin/server", Data: unlinked}, {Path: "bin/psql", Data: says("15.18")}}, ""},
		{"only silent ones", []detecttest.File{{Path: "bin/createdb", Data: unlinked}, {Path: "bin/dropdb", Data: unlinked}}, ""},
		{"that says something itself", []detecttest.File{{Path: "bin/psql", Data: says("14.1")}, {Path: "bin/createdb", Data: says("15.18")}}, "postgresql 14.1 table 0.95"},
	} {
		for range 2 { // The order of the files does not count, nor does it to ask again.
			files := reports(t, tt.files)
			first := files[0].Report
			slices.Reverse(files)
			Siblings(files)
			Siblings(files)
			got := ""
			if f := first.Main(); f != nil {
				got = fmt.Sprint(f.Name, " ", f.Version, " ", f.Rule(), " ", f.Confidence())
			}
			if got != tt.want {
				t.Errorf("%s: %q, want %q", tt.what, got, tt.want)
			}
		}
	}
}
