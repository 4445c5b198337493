package catalog

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// panicError is the error of a detector that panicked. Its message has no stack
// and no addresses, so that the same image gives the same inventory.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("the detector panicked: %v", e.value) }

// caught calls f and returns the error of its panic.
func caught(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{r}
		}
	}()
	f()
	return nil
}

// guard calls d.Detect and turns a panic into an error.
func guard(ctx context.Context, d detect.Detector, f *detect.File) (frag *detect.Fragment, err error) {
	if bad := caught(func() { frag, err = d.Detect(ctx, f) }); bad != nil {
		return nil, bad
	}
	return frag, err
}

// gapKind sorts a detector's error.
func gapKind(err error) sbom.GapKind {
	switch {
	case errors.Is(err, detect.ErrLimit):
		return sbom.GapLimit
	case errors.Is(err, detect.ErrEncrypted):
		return sbom.GapEncrypted
	case errors.Is(err, detect.ErrUnsupported):
		return sbom.GapUnsupported
	}
	return sbom.GapCorrupt
}

// maxMessage bounds what of an error, which may quote the image, goes into an
// inventory.
const maxMessage = 512

func message(err error) string {
	s := valid(err.Error())
	if len(s) <= maxMessage {
		return s
	}
	cut := maxMessage
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
