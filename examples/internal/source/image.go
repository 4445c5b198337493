// Package source opens what the examples are given on their command lines: images
// by path or reference, and documents of any tool.
package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/image"
	"github.com/imagetrust/imagetrust/sbom/image/remote"
)

// Image opens an OCI layout, an archive or a root directory if arg is a path that
// exists, and else pulls the reference from its registry.
func Image(ctx context.Context, arg string) (*image.Image, error) {
	if _, err := os.Stat(arg); err == nil {
		return image.Open(arg, nil)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, ".") {
		return nil, fmt.Errorf("there is no %s; give an OCI layout, an image archive, a root directory, or a reference such as registry.example/app:1.0", arg)
	}
	img, err := remote.Open(ctx, arg, nil)
	if err != nil {
		return nil, fmt.Errorf("there is no file %s, and as a reference: %w", arg, err)
	}
	return img, nil
}
