package golden

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// A Property is what a fuzz target asserts of what a detector said of a file, beside the
// contract: it returns how that is wrong. Where the detector said nothing, frag is empty,
// and not nil.
type Property func(in detecttest.File, frag *detect.Fragment, err error) error

// Fuzz puts content of all kinds into each of files, beginning with its own, and checks that d
// keeps the contract, and that what it says has the property.
func Fuzz(f *testing.F, d detect.Detector, files []detecttest.File, holds Property) {
	for i, file := range files {
		f.Add(uint8(i), file.Data)
	}
	fuzz(f, d, files, holds)
}

// FuzzPaths is [Fuzz] of files at paths, each of which is in a directory of one letter. It
// begins with those seeds whose path ends in that of a file without the directory.
func FuzzPaths(f *testing.F, d detect.Detector, paths []string, seeds []detecttest.File, holds Property) {
	files := make([]detecttest.File, len(paths))
	for i, p := range paths {
		files[i].Path = p
		for _, seed := range seeds {
			if strings.HasSuffix(seed.Path, p[2:]) {
				f.Add(uint8(i), seed.Data)
			}
		}
	}
	fuzz(f, d, files, holds)
}

func fuzz(f *testing.F, d detect.Detector, files []detecttest.File, holds Property) {
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		in := files[int(which)%len(files)]
		in.Data = data
		if err := detecttest.Check(d, in); err != nil {
			t.Fatal(err)
		}
		report(t, Said(d, in, holds))
	})
}

// Said gives a file to d, whether or not d wants it, and returns how what it says of it
// lacks the property.
func Said(d detect.Detector, in detecttest.File, holds Property) error {
	frag, err := d.Detect(context.Background(), in.Open())
	if frag == nil {
		frag = new(detect.Fragment)
	}
	return holds(in, frag, err)
}

// Whole returns the [Property] that each component has a version of one word, and that each
// claim is of a component of the same file, or of one that elsewhere, which may be nil,
// knows to be told in another.
func Whole(elsewhere func(in detecttest.File, c detect.Claim) bool) Property {
	return func(in detecttest.File, frag *detect.Fragment, _ error) error {
		keys := make(map[string]bool)
		for _, c := range frag.Components {
			keys[c.Key] = true
			if c.Version == "" || strings.ContainsAny(c.Version, " \t\n") {
				return fmt.Errorf("component %+v", c)
			}
		}
		for _, c := range frag.Claims {
			if !keys[c.Key] && (elsewhere == nil || !elsewhere(in, c)) {
				return fmt.Errorf("claim %+v of nobody", c)
			}
		}
		return nil
	}
}

// Locked is the [Property] of a lock file: each component is declared and has a version, and
// components depend on no others.
func Locked(_ detecttest.File, frag *detect.Fragment, _ error) error {
	keys := make(map[string]bool)
	for _, c := range frag.Components {
		keys[c.Key] = true
		if c.Scope != sbom.ScopeDeclared || c.Version == "" {
			return fmt.Errorf("component %+v", c)
		}
	}
	for _, r := range frag.Relations {
		if !keys[r.From] || !keys[r.To] {
			return fmt.Errorf("relation %+v to nothing", r)
		}
	}
	return nil
}

// Told returns the [Property] that a file to which applies is an error, a component or a
// gap: nothing is left out in silence.
func Told(applies func(in detecttest.File) bool) Property {
	return func(in detecttest.File, frag *detect.Fragment, err error) error {
		if applies(in) && err == nil && len(frag.Components)+len(frag.Gaps) == 0 {
			return fmt.Errorf("nothing is said about %s of %q", in.Path, in.Data)
		}
		return nil
	}
}
