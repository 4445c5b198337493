// Command sbom writes the software bill of materials of an image.
//
//	go run ./examples/sbom [-format cyclonedx|spdx|spdx3|json] [-o FILE] IMAGE
//
// IMAGE is an OCI layout, an image archive, a root directory, or a reference. What
// was not understood, and what the format leaves out, is told on standard error. The
// exit status is 1 when there is no document, and 2 for wrong arguments.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/imagetrust/imagetrust/examples/internal/source"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	format := flag.String("format", "cyclonedx", "cyclonedx, spdx, spdx3 or json")
	out := flag.String("o", "", "file to write; standard output if empty")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: sbom [-format cyclonedx|spdx|spdx3|json] [-o FILE] IMAGE")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(ctx, flag.Arg(0), *format, *out); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		if errors.Is(err, errFormat) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

var errFormat = errors.New("unknown format")

func run(ctx context.Context, name, format, out string) error {
	encode, ok := encoders[format]
	if !ok {
		return fmt.Errorf("%w %q: choose cyclonedx, spdx, spdx3 or json", errFormat, format)
	}
	if err := writable(out); err != nil {
		return err
	}
	img, err := source.Image(ctx, name)
	if err != nil {
		return err
	}
	defer img.Close()

	opts := &catalog.Options{}
	if terminal(os.Stderr) {
		opts.Progress = progress
	}
	inv, err := catalog.Image(ctx, img, opts)
	if opts.Progress != nil {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	if err != nil {
		return err
	}

	var doc bytes.Buffer
	losses, err := encode(&doc, inv)
	if err != nil {
		return err
	}
	for _, l := range losses {
		fmt.Fprintf(os.Stderr, "sbom: left out: %s: %s\n", l.Field, l.Reason)
	}
	for _, g := range inv.Gaps {
		fmt.Fprintf(os.Stderr, "sbom: %s: %s: %s\n", g.Kind, g.Path, g.Message)
	}
	return write(out, doc.Bytes())
}

// encoders write an inventory, and return what their format could not hold.
var encoders = map[string]func(io.Writer, *sbom.Inventory) ([]sbom.Loss, error){
	"cyclonedx": func(w io.Writer, inv *sbom.Inventory) ([]sbom.Loss, error) {
		return cyclonedx.Encode(w, inv, &cyclonedx.Options{Indent: true})
	},
	"spdx": func(w io.Writer, inv *sbom.Inventory) ([]sbom.Loss, error) {
		return spdx.Encode(w, inv, &spdx.Options{Indent: true})
	},
	"spdx3": func(w io.Writer, inv *sbom.Inventory) ([]sbom.Loss, error) {
		return spdx.Encode(w, inv, &spdx.Options{Format: spdx.JSON301, Indent: true})
	},
	"json": func(w io.Writer, inv *sbom.Inventory) ([]sbom.Loss, error) {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return nil, enc.Encode(inv)
	},
}

func progress(p catalog.Progress) {
	fmt.Fprintf(os.Stderr, "\r\x1b[K%d of %d layers, %.1f MB, %d components", p.LayersDone, p.Layers, float64(p.BytesFiles)/1e6, p.Components)
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// writable tells before the work whether its result would have a place.
func writable(name string) error {
	if name == "" {
		return nil
	}
	dir := filepath.Dir(name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("cannot write %s: there is no directory %s", name, dir)
	}
	return nil
}

// write replaces the file only when the document is whole.
func write(name string, doc []byte) error {
	if name == "" {
		_, err := os.Stdout.Write(doc)
		return err
	}
	tmp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".part")
	err := os.WriteFile(tmp, doc, 0o644)
	if err == nil {
		err = os.Rename(tmp, name)
	}
	if err != nil {
		os.Remove(tmp)
	}
	return err
}
