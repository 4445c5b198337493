//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/catalog"
	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// work runs what this program starts itself for, as a process that can be measured.
func work(args []string) error {
	if len(args) < 2 {
		return errors.New("worker: what, and on what?")
	}
	switch what, args := args[0], args[1:]; what {
	case "launch":
		return runLaunch(args, false)
	case "watch":
		return runLaunch(args, true)
	case "bare":
		return runBare(args[0], klauspost)
	case "bare+inflate":
		return runBare(args[0], ours)
	case "catalog":
		_, err := inventory(args[0], nil)
		return err
	case "catalog-warm": // from the second round on
		cache, err := catalog.NewDirCache(filepath.Join(filepath.Dir(args[1]), "layers"))
		if err != nil {
			return err
		}
		_, err = inventory(args[0], &catalog.Options{Cache: cache})
		return err
	case "cyclonedx":
		return document(args[0], args[1], func(w *bufio.Writer, inv *sbom.Inventory) error {
			_, err := cyclonedx.Encode(w, inv, nil)
			return err
		})
	case "inventory":
		return document(args[0], args[1], func(w *bufio.Writer, inv *sbom.Inventory) error {
			return json.NewEncoder(w).Encode(inv)
		})
	default:
		return fmt.Errorf("worker: %q?", what)
	}
}

func inventory(path string, opts *catalog.Options) (*sbom.Inventory, error) {
	img, err := image.Open(path, nil)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	return catalog.Image(context.Background(), img, opts)
}

func document(path, to string, encode func(*bufio.Writer, *sbom.Inventory) error) (err error) {
	inv, err := inventory(path, nil)
	if err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	if err := encode(w, inv); err != nil {
		return err
	}
	return w.Flush()
}
