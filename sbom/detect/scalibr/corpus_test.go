package scalibr

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/list"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/readlimit"
)

// always wants every file: osv-scalibr's test data does not lie where its extractors
// look for it.
type always struct{ filesystem.Extractor }

func (always) FileRequired(filesystem.FileAPI) bool { return true }

// TestCorpus gives osv-scalibr's own test data to each of its extractors that can be
// a detector. Nothing that an extractor says is lost, and the rules hold.
func TestCorpus(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/google/osv-scalibr").Output()
	root := strings.TrimSpace(string(out))
	if err != nil || root == "" {
		t.Skipf("no source of osv-scalibr: %v", err)
	}
	files, found, parts := 0, 0, 0
	for name := range list.All {
		d, ex := fromList(t, name)
		if d == nil {
			continue
		}
		d.(*detector).ex = always{ex}
		for _, f := range testdata(t, root, ex) {
			if unsafeFile(ex.Name(), f.Path) != "" {
				continue
			}
			files++
			in, out := transfer(t, d.(*detector), f)
			found += in
			parts += out
		}
	}
	t.Logf("%d files, %d packages, %d components", files, found, parts)
	if files < 500 || parts < 1000 {
		t.Errorf("%d files and %d components are too few", files, parts)
	}
}

// testdata returns the small files in the directory testdata of an extractor's source.
func testdata(t *testing.T, root string, ex filesystem.Extractor) []detecttest.File {
	typ := reflect.TypeOf(ex)
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	dir := filepath.Join(root, strings.TrimPrefix(typ.PkgPath(), "github.com/google/osv-scalibr/"), "testdata")
	var files []detecttest.File
	_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // Not all have test data.
		}
		if st, err := e.Info(); err != nil || st.Size() > 1<<20 {
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, detecttest.File{Path: "srv/" + filepath.ToSlash(rel), Data: data})
		return nil
	})
	return files
}

// transfer compares what the extractor says of a file with what the detector does, and
// returns how many packages and components there are.
func transfer(t *testing.T, d *detector, f detecttest.File) (packages, components int) {
	frag, err := detecttest.DetectFile(t, d, f)
	e := f.Entry()
	r := readlimit.New(bytes.NewReader(f.Data), f.Path, 1<<30)
	inv, _ := d.extract(t.Context(), &oneFile{info: info{e.Path, e.Size, e.Mode}, content: r})
	if frag == nil {
		frag = &detect.Fragment{}
	}
	type id struct{ purl, name, version string }
	distinct := make(map[id]bool)
	for _, p := range inv.Packages {
		u := ""
		if pu := p.PURL(); pu != nil {
			u = pu.String()
		}
		distinct[id{u, p.Name, p.Version}] = true
	}
	if told := len(frag.Components) + len(frag.Gaps); told < len(distinct) && len(frag.Gaps) <= 100 {
		t.Errorf("%s: %s: %d packages became %d components and gaps (%v)", d.id, f.Path, len(distinct), told, err)
	}
	for _, g := range frag.Gaps {
		if strings.Contains(g.Message, "has no package URL") {
			t.Logf("%s: %s: %s", d.id, f.Path, g.Message)
		}
	}
	return len(distinct), len(frag.Components)
}
