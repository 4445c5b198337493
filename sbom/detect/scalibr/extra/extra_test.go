package extra

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/log"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/golden"
)

// TestMain silences osv-scalibr: it logs what hostile files make it think.
func TestMain(m *testing.M) {
	log.SetLogger(quiet{})
	os.Exit(m.Run())
}

type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Infof(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
func (quiet) Error(...any)          {}
func (quiet) Warn(...any)           {}
func (quiet) Info(...any)           {}
func (quiet) Debug(...any)          {}

func detectors(t testing.TB) []detect.Detector {
	t.Helper()
	ds, err := Detectors()
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// files are those of testdata and an archive.
func files(t testing.TB) []detecttest.File {
	t.Helper()
	return append(golden.Files(t, "testdata/files.txtar"), detecttest.File{Path: "opt/go.vsix", Data: archive(t)})
}

// of returns those of the files that d wants and, where it tells test data apart, one
// of them in a directory of test data.
func of(d detect.Detector, all []detecttest.File) []detecttest.File {
	var out []detecttest.File
	for _, f := range all {
		if e := f.Entry(); d.Wants(&e) {
			out = append(out, f)
		}
	}
	if cd, ok := d.(detect.Covering); ok && len(out) > 0 {
		for _, s := range cd.Coverage().Scopes {
			if f := out[0]; s == sbom.ScopeFixture {
				f.Path = "src/testdata/" + f.Path
				out = append(out, f)
			}
		}
	}
	return out
}

// TestGolden pins what is said of each file, and that each detector has one.
func TestGolden(t *testing.T) {
	all := files(t)
	for _, d := range detectors(t) {
		name := strings.TrimPrefix(d.ID().Name, "scalibr/")
		t.Run(name, func(t *testing.T) {
			mine := of(d, all)
			if len(mine) == 0 {
				t.Fatal("no file for this detector")
			}
			golden.Check(t, d, mine, filepath.Join("testdata", strings.ReplaceAll(name, "/", "-")+".golden"))
		})
	}
}

func TestConformance(t *testing.T) {
	all := files(t)
	for _, d := range detectors(t) {
		t.Run(strings.TrimPrefix(d.ID().Name, "scalibr/"), func(t *testing.T) { detecttest.Run(t, d, of(d, all)...) })
	}
}

// TestAddsToCatalog holds the list to its purpose: nothing is read twice.
func TestAddsToCatalog(t *testing.T) {
	for _, f := range files(t) {
		for _, own := range catalog.Detectors() {
			if e := f.Entry(); own.Wants(&e) {
				t.Errorf("%s reads %s too", own.ID(), f.Path)
			}
		}
	}
}

func FuzzDetect(f *testing.F) {
	all := files(f)
	ds := detectors(f)
	for i, file := range all {
		f.Add(uint16(i), file.Data)
	}
	f.Fuzz(func(t *testing.T, i uint16, data []byte) {
		file := all[int(i)%len(all)]
		file.Data = data
		for _, d := range ds {
			if err := detecttest.Check(d, file); err != nil {
				t.Error(err)
			}
		}
	})
}

// archive returns an extension of VS Code with one package.
func archive(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range map[string]string{
		"extension/node_modules/semver/package.json": `{"name": "semver", "version": "7.6.0"}`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
