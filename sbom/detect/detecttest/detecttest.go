// Package detecttest checks implementations of [detect.Detector], as
// testing/fstest checks file systems.
//
// [Run] is the conformance test: every detector's tests call it once with a few
// files the detector understands. [Detect] is the short way to one fragment in
// a detector's own table tests, and [Check] the invariant of its fuzz targets.
package detecttest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"testing"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// Patience is how long one call of a detector may take in [Run] and [Check]
// before it counts as hanging, whatever the content.
const Patience = 20 * time.Second

// File is a regular file as a detector sees it.
type File struct {
	// Path as in detect.Entry.Path.
	Path string
	// Mode has the permission bits; 0644 if zero.
	Mode fs.FileMode
	// Data is the content.
	Data []byte
}

// Entry returns the header and first bytes of f. Head is a copy.
func (f File) Entry() detect.Entry {
	mode := f.Mode
	if mode == 0 {
		mode = 0o644
	}
	return detect.Entry{
		Path: f.Path,
		Mode: mode,
		Size: int64(len(f.Data)),
		Head: bytes.Clone(f.Data[:min(len(f.Data), detect.HeadSize)]),
	}
}

// Open returns f as a detector gets it, without a digest. It reads from f.Data.
func (f File) Open() *detect.File {
	return &detect.File{Entry: f.Entry(), ReaderAt: bytes.NewReader(f.Data)}
}

// Detect gives the file at path with mode 0644 to d and returns its fragment,
// which may be nil. It fails the test when d does not want the file, returns an
// error, or breaks a rule that [Check] knows.
func Detect(t testing.TB, d detect.Detector, path string, data []byte) *detect.Fragment {
	t.Helper()
	frag, err := DetectFile(t, d, File{Path: path, Data: data})
	if err != nil {
		t.Fatalf("Detect(%s): %v", path, err)
	}
	return frag
}

// DetectFile is [Detect] for a file of any mode, and for files that d shall
// return an error for: it returns d's error instead of failing the test.
func DetectFile(t testing.TB, d detect.Detector, f File) (*detect.Fragment, error) {
	t.Helper()
	if e := f.Entry(); !d.Wants(&e) {
		t.Fatalf("%s does not want %s", d.ID(), f.Path)
	}
	c := call(d, f)
	if err := c.verify(d, f); err != nil {
		t.Fatal(err)
	}
	return c.fragment, c.err
}

// Check gives f to d, if d wants it, and returns an error that lists every rule
// of the contract which d broke: it panicked, did not return within [Patience],
// returned an error that is none of package detect's, or an ill-formed or
// unreasonably large fragment. An error that d returned by the rules is fine.
func Check(d detect.Detector, f File) error {
	if e := f.Entry(); !d.Wants(&e) {
		return nil
	}
	c := call(d, f)
	return c.verify(d, f)
}

// outcome is what one call of Detect did.
type outcome struct {
	fragment *detect.Fragment
	err      error
	panicked string
	hung     bool
	// encoded is the fragment as JSON, taken before the content was scrubbed.
	encoded []byte
	// differs says how the outcome was another for a detect.Sifter that saw the file go by.
	differs string
}

// call runs Detect on a private copy of f, under a watchdog. Once Detect has
// returned, the copy is overwritten, so that a fragment that still refers to it
// changes.
func call(d detect.Detector, f File) outcome {
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil {
				o.panicked = fmt.Sprintf("%v\n%s", r, debug.Stack())
			}
			done <- o
		}()
		data := bytes.Clone(f.Data)
		sum := sha256.Sum256(data)
		in := &detect.File{
			Entry:    f.Entry(),
			ReaderAt: bytes.NewReader(data),
			Digest:   sbom.Digest("sha256:" + hex.EncodeToString(sum[:])),
		}
		o.fragment, o.err = d.Detect(context.Background(), in)
		o.encoded, _ = json.Marshal(o.fragment)
		o.differs = sifted(d, *in, data, o)
		clear(data)
		clear(in.Head)
	}()
	select {
	case o := <-done:
		return o
	case <-time.After(Patience):
		return outcome{hung: true}
	}
}

// sifted says how d's answer differs from o when it sees the content only by its sieve,
// if it has one for the file. To skip what it needs is within the rules.
func sifted(d detect.Detector, in detect.File, data []byte, o outcome) string {
	s, ok := d.(detect.Sifter)
	if !ok {
		return ""
	}
	sieve := s.Sift(&in.Entry)
	if sieve == nil {
		return ""
	}
	for i, size := 0, 1; i < len(data); size = size*3%10007 + 1 { // Odd pieces of all sizes.
		piece := bytes.Clone(data[i:min(len(data), i+size)])
		if n, err := sieve.Write(piece); n != len(piece) || err != nil {
			return fmt.Sprintf("its Sieve's Write returned %d, %v for %d bytes", n, err, len(piece))
		}
		clear(piece)
		i += len(piece)
	}
	in.ReaderAt = sieve
	frag, err := d.Detect(context.Background(), &in)
	if errors.Is(err, detect.ErrSkipped) {
		return ""
	}
	if encoded, _ := json.Marshal(frag); !bytes.Equal(encoded, o.encoded) || fmt.Sprint(err) != fmt.Sprint(o.err) {
		return fmt.Sprintf("its answer is %s, %v with the whole content, and %s, %v by its Sieve", o.encoded, o.err, encoded, err)
	}
	return ""
}

// verify returns the broken rules.
func (o *outcome) verify(d detect.Detector, f File) error {
	switch {
	case o.hung:
		return fmt.Errorf("%s: Detect(%s, %d bytes) did not return within %v", d.ID(), f.Path, len(f.Data), Patience)
	case o.panicked != "":
		return fmt.Errorf("%s: Detect(%s, %d bytes) panicked: %s", d.ID(), f.Path, len(f.Data), o.panicked)
	}
	var errs []error
	if o.err != nil && !typed(o.err) {
		errs = append(errs, fmt.Errorf("error %q is none of ErrFormat, ErrLimit, ErrEncrypted, ErrUnsupported", o.err))
	}
	if o.differs != "" {
		errs = append(errs, errors.New(o.differs))
	}
	if o.fragment != nil {
		errs = append(errs, o.stable()...)
		errs = append(errs, validate(o.fragment, f.Path)...)
		errs = append(errs, uncovered(d, f.Path, o.fragment)...)
		if limit := 1<<20 + 64*len(f.Data); len(o.encoded) > limit {
			errs = append(errs, fmt.Errorf("%d bytes of content became a fragment of %d", len(f.Data), len(o.encoded)))
		}
	}
	for i, err := range errs {
		errs[i] = fmt.Errorf("%s: %s: %w", d.ID(), f.Path, err)
	}
	return errors.Join(errs...)
}

// stable checks that the fragment survived the scrubbing of the content and
// survives the cache.
func (o *outcome) stable() []error {
	now, err := json.Marshal(o.fragment)
	if err != nil {
		return []error{fmt.Errorf("fragment does not encode: %w", err)}
	}
	if !bytes.Equal(now, o.encoded) {
		return []error{errors.New("fragment changed when the content was overwritten after Detect: it still refers to the file")}
	}
	var back detect.Fragment
	if err := json.Unmarshal(now, &back); err != nil {
		return []error{fmt.Errorf("fragment does not decode: %w", err)}
	}
	// Bytes that are no UTF-8 are written as an escape and come back as the
	// replacement character itself.
	now = bytes.ReplaceAll(now, []byte(`\ufffd`), []byte("\uFFFD"))
	if again, _ := json.Marshal(&back); !bytes.Equal(now, again) {
		return []error{errors.New("fragment changes when it is encoded and decoded")}
	}
	return nil
}

func typed(err error) bool {
	for _, target := range []error{detect.ErrFormat, detect.ErrLimit, detect.ErrEncrypted, detect.ErrUnsupported} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
