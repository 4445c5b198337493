package main

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/bundled"
)

func TestParse(t *testing.T) {
	got, err := parse([]byte(`{"node":"26.10.0","uv":"1.52.1","none":"","bad key":"1","bad":"a b"}` + "\n"))
	if want := map[string]string{"node": "26.10.0", "uv": "1.52.1"}; err != nil || !maps.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := parse([]byte("Error: no such command")); err == nil {
		t.Error("what is no list is no error")
	}
}

// TestPut keeps what all builds of a release have alike.
func TestPut(t *testing.T) {
	lists := make(bundled.Lists)
	put(lists, "1.0.0", map[string]string{"vips": "8.17.1", "xml2": "2.14.4", "png": "1.6.50"}, "vips")
	put(lists, "1.0.1", map[string]string{"vips": "8.17.1", "xml2": "2.14.5", "png": "1.6.50"}, "vips")
	put(lists, "26.0.0", map[string]string{"uv": "1.52.1"}, "")
	if want := (bundled.Lists{"8.17.1": {"vips": "8.17.1", "png": "1.6.50"}, "26.0.0": {"uv": "1.52.1"}}); !reflect.DeepEqual(lists, want) {
		t.Errorf("%v, want %v", lists, want)
	}
}

func TestRun(t *testing.T) {
	if err := run(context.Background(), "perl", "x", "", "", 0); err == nil || !strings.Contains(err.Error(), "no such runtime") {
		t.Errorf("error %v", err)
	}
	table := filepath.Join(t.TempDir(), "x.tsv")
	if err := os.WriteFile(table, []byte("release\ta\n1.0.0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), "node", table, "", "", 0); err == nil {
		t.Error("a damaged table is no error")
	}
}
