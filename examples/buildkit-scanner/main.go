// Command buildkit-scanner is an SBOM generator for BuildKit: it lists what is in the
// result of a build and in its stages, with the SHA-256 of every file, so that package
// buildkit can prove which stage a shipped file came from.
//
// BuildKit runs it in a container made of its image, which mkimage builds:
//
//	go run ./examples/buildkit-scanner/mkimage -push REGISTRY/NAME
//	docker buildx build --sbom=generator=REGISTRY/NAME ...
//	buildctl build --opt attest:sbom=generator=REGISTRY/NAME ...
//
// BuildKit has it look at stages and the build context where the Dockerfile asks for
// that, before its first FROM:
//
//	ARG BUILDKIT_SBOM_SCAN_STAGE=true
//	ARG BUILDKIT_SBOM_SCAN_CONTEXT=true
//
// It follows BuildKit's SBOM scanning protocol (moby/buildkit,
// docs/attestations/sbom-protocol.md):
//
//   - BUILDKIT_SCAN_SOURCE is the root directory of the result,
//   - BUILDKIT_SCAN_SOURCE_EXTRAS, if set, a directory of those of stages,
//   - BUILDKIT_SCAN_DESTINATION the directory for an in-toto statement with an SPDX 2.3
//     document for each, named after the root directory: NAME.spdx.json.
//
// What was not understood is told on standard error, which BuildKit shows: names of files
// are quoted there, for whoever wrote the Dockerfile chose them. The exit status is 1, and
// the build fails, when a directory could not be scanned, when its statement is too long
// for BuildKit, and when there is a statement of its name already.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "buildkit-scanner:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, getenv func(string) string, log io.Writer) error {
	core, dest := getenv("BUILDKIT_SCAN_SOURCE"), getenv("BUILDKIT_SCAN_DESTINATION")
	if core == "" || dest == "" {
		return errors.New("BUILDKIT_SCAN_SOURCE and BUILDKIT_SCAN_DESTINATION must be set: BuildKit does it")
	}
	created, err := epoch(getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return err
	}
	extras, err := directories(getenv("BUILDKIT_SCAN_SOURCE_EXTRAS"))
	if err != nil {
		return err
	}
	for _, root := range append([]string{core}, extras...) {
		if err := scan(ctx, root, dest, created, log); err != nil {
			return fmt.Errorf("%s: %w", root, err)
		}
	}
	return nil
}

func epoch(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(n, 0).UTC(), nil
}

// directories returns the directories in dir. The protocol lets it be empty or missing.
func directories(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names, err
}

// maxStatement is well below what BuildKit refuses, 80 MiB, because BuildKit writes
// some characters longer.
const maxStatement = 64 << 20

// scan writes the statement about one root directory.
func scan(ctx context.Context, root, dest string, created time.Time, log io.Writer) error {
	name := filepath.Base(root)
	inv, err := inventory(ctx, root, name, created)
	if err != nil {
		return err
	}
	st, err := statement(inv)
	if err != nil {
		return err
	}
	if len(st) > maxStatement {
		inv.Gaps = append(inv.Gaps, sbom.Gap{Kind: sbom.GapLimit, Message: fmt.Sprintf(
			"only executables are listed: with all %d files the statement would have %d bytes, at most %d", len(inv.Files), len(st), maxStatement)})
		executables(inv)
		if st, err = statement(inv); err != nil {
			return err
		}
		if len(st) > maxStatement {
			return fmt.Errorf("a statement of the executables alone would have %d bytes, at most %d", len(st), maxStatement)
		}
	}
	tell(log, name, inv)
	return write(filepath.Join(dest, name+".spdx.json"), st)
}

// maxTold is how many gaps are told one by one; the statement has all of them.
const maxTold = 100

// tell writes what was found to the log.
func tell(log io.Writer, name string, inv *sbom.Inventory) {
	fmt.Fprintf(log, "%q: %d components, %d files, %d gaps\n", name, len(inv.Components), len(inv.Files), len(inv.Gaps))
	for i, g := range inv.Gaps {
		if i == maxTold {
			fmt.Fprintf(log, "%q: %d more gaps\n", name, len(inv.Gaps)-i)
			break
		}
		fmt.Fprintf(log, "%q: %s: %q: %q\n", name, g.Kind, g.Path, g.Message)
	}
}

// write writes a file that must not be there: two directories of one name must not pass
// for one, and no link may lead elsewhere.
func write(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// inventory lists everything in a root directory: components, and all regular files.
func inventory(ctx context.Context, root, name string, created time.Time) (*sbom.Inventory, error) {
	img, err := image.OpenDir(root, &image.Options{Name: name})
	if err != nil {
		return nil, err
	}
	defer img.Close()
	inv, err := catalog.Image(ctx, img, &catalog.Options{Created: created})
	if err != nil {
		return nil, err
	}
	files, err := buildkit.Files(ctx, img)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(inv.Files))
	for i := range inv.Files {
		known[inv.Files[i].Path] = true
	}
	for _, f := range files {
		if !known[f.Path] {
			inv.Files = append(inv.Files, f)
		}
	}
	inv.Sort()
	return inv, nil
}

// executables drops the files that are no executables and that no package recorded.
func executables(inv *sbom.Inventory) {
	kept := inv.Files[:0]
	for _, f := range inv.Files {
		if f.Kind != "" || f.Owner != "" {
			kept = append(kept, f)
		}
	}
	inv.Files = kept
}

// statement returns the in-toto statement with the SPDX document of inv. Its subjects
// are left to BuildKit.
func statement(inv *sbom.Inventory) ([]byte, error) {
	var doc bytes.Buffer
	if _, err := spdx.Encode(&doc, inv, &spdx.Options{Files: true}); err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Type          string          `json:"_type"`
		PredicateType string          `json:"predicateType"`
		Subject       []struct{}      `json:"subject"`
		Predicate     json.RawMessage `json:"predicate"`
	}{"https://in-toto.io/Statement/v1", "https://spdx.dev/Document", []struct{}{}, doc.Bytes()})
}
