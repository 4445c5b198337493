package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// The files of a root directory can be closed to this program, and go or change between
// one look and the next. None of it may pass for something that was read.

// closed reports whether err is that of opening one file of a directory: a layer's is a
// *image.LayerError.
func closed(err error) bool {
	if errors.As(err, new(*image.LayerError)) {
		return false
	}
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, image.ErrType)
}

// unread notes that the content of a file is not known. What may be executed is
// accounted for all the same.
func (l *layerScan) unread(e *image.Entry, out *entry, err error) {
	out.Kind = kindOf(e.Mode, 0, nil)
	l.gaps = append(l.gaps, sbom.Gap{
		Kind: sbom.GapUnsupported, Path: valid(e.Path), Message: message(fmt.Errorf("the file could not be read: %w", err)),
	})
}

const changedMeanwhile = "the file changed while the image was read"

// changed notes the files that were not there again when they were looked for.
func (l *layerScan) changed() {
	for _, at := range slices.Sorted(maps.Keys(l.relink)) {
		l.gaps = append(l.gaps, sbom.Gap{
			Kind: sbom.GapUnsupported, Path: valid(l.facts.Entries[at].Path), Message: changedMeanwhile,
		})
	}
}
