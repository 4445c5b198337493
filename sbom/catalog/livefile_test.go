package catalog_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// rootOf makes a root directory of executables and opens it.
func rootOf(t *testing.T, files map[string]string) (string, *image.Image) {
	t.Helper()
	root := t.TempDir()
	for name, data := range files {
		write(t, filepath.Join(root, name), data)
	}
	img, err := image.OpenDir(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = img.Close() })
	return root, img
}

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o755); err != nil {
		t.Fatal(err)
	}
}

func gapAt(inv *sbom.Inventory, path string) bool {
	return slices.ContainsFunc(inv.Gaps, func(g sbom.Gap) bool { return g.Path == path })
}

// logged is told what is logged.
type logged func(message string)

func (logged) Enabled(context.Context, slog.Level) bool { return true }
func (l logged) Handle(_ context.Context, r slog.Record) error {
	l(r.Message)
	return nil
}
func (l logged) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l logged) WithGroup(string) slog.Handler      { return l }

// TestChangedBetweenReadings: a program that is another one when it is read for the sake
// of its recorded digest is not intact, whatever it then is.
func TestChangedBetweenReadings(t *testing.T) {
	const good, evil = "#!good", "#!evil"
	record := fmt.Sprintf(`{"components": [{"key": "p", "type": "application", "name": "p", "version": "1"}],
		"claims": [{"key": "p", "path": "opt/p", "digest": "md5:%x"}]}`, md5.Sum([]byte(good)))
	for name, change := range map[string]func(file string) error{
		"restored": func(file string) error { return os.WriteFile(file, []byte(good), 0o755) },
		"gone":     os.Remove,
		"another":  func(file string) error { write(t, filepath.Join(filepath.Dir(file), "a"), good); return nil },
		"same":     func(string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			root, img := rootOf(t, map[string]string{"opt/p": evil, "p.fragment.json": record})
			again := 0
			inv := mustImage(t, img, &catalog.Options{
				Detectors: []detect.Detector{literal{}},
				Logger: slog.New(logged(func(message string) {
					if strings.Contains(message, "again") {
						again++
						if err := change(filepath.Join(root, "opt/p")); err != nil {
							t.Error(err)
						}
					}
				})),
			})
			file := inv.Files[slices.IndexFunc(inv.Files, func(f sbom.File) bool { return f.Path == "opt/p" })]
			want, gap := sbom.Unchecked, true
			if name == "same" {
				want, gap = sbom.Modified, false
			}
			if again != 1 || file.Integrity != want || gapAt(inv, "opt/p") != gap {
				t.Errorf("read again %d times, %s is %s, gaps %v", again, file.Path, file.Integrity, inv.Gaps)
			}
		})
	}
}

// skipping is a detector whose sieve keeps nothing.
type skipping struct {
	probe
}

func (skipping) Sift(*detect.Entry) detect.Sieve { return nothing{} }

type nothing struct{}

func (nothing) Write(p []byte) (int, error)       { return len(p), nil }
func (nothing) ReadAt([]byte, int64) (int, error) { return 0, detect.ErrSkipped }

// TestGoneBetweenReadings: a file that its sieve did not keep enough of, and that is gone
// when it is looked for again, is told.
func TestGoneBetweenReadings(t *testing.T) {
	root, img := rootOf(t, map[string]string{"large": strings.Repeat("x", 1<<20), "other": "#!"})
	d := skipping{probe{name: "skipping", wants: func(e *detect.Entry) bool { return e.Path == "large" }}}
	d.detect = func(_ context.Context, f *detect.File) (*detect.Fragment, error) {
		if _, err := f.ReadAt(make([]byte, 1), 0); err == nil {
			t.Error("the file was read again")
		}
		return nil, fmt.Errorf("%w, and %w", detect.ErrSkipped, os.Remove(filepath.Join(root, "large")))
	}
	inv := mustImage(t, img, &catalog.Options{Detectors: []detect.Detector{d}})
	if !gapAt(inv, "large") {
		t.Errorf("gaps %v", inv.Gaps)
	}
}

// TestGoneBeforeReading: a file that cannot be opened costs itself, and not the inventory.
func TestGoneBeforeReading(t *testing.T) {
	root, img := rootOf(t, map[string]string{"bin/a": "#!", "bin/b": "#!", "bin/c": "#!"})
	d := probe{name: "remover", wants: func(e *detect.Entry) bool { return e.Path == "bin/a" }}
	d.detect = func(context.Context, *detect.File) (*detect.Fragment, error) {
		return nil, os.Remove(filepath.Join(root, "bin/b"))
	}
	inv := mustImage(t, img, &catalog.Options{Detectors: []detect.Detector{d}})
	if len(inv.Files) != 3 || !gapAt(inv, "bin/b") || inv.Files[1].Path != "bin/b" || inv.Files[1].Digests != nil {
		t.Errorf("files %+v, gaps %v", inv.Files, inv.Gaps)
	}
}
