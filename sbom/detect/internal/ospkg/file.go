package ospkg

import (
	"context"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// ReadWith returns what read says of f, and adds the path to its error. A nil read stands for a
// file that is none of the detector's: nothing is said of it.
func ReadWith(f *detect.File, read func(*detect.File) (*detect.Fragment, error)) (*detect.Fragment, error) {
	if read == nil {
		return nil, nil
	}
	frag, err := read(f)
	if err != nil {
		return frag, fmt.Errorf("%s: %w", f.Path, err)
	}
	return frag, nil
}

// ReadContentWith is [ReadWith] for a read that takes the content of f, of at most max bytes,
// as [Bytes] returns it.
func ReadContentWith[T []byte | string](f *detect.File, max int64, read func(*detect.File, T) (*detect.Fragment, error)) (*detect.Fragment, error) {
	if read == nil {
		return nil, nil
	}
	data, err := Bytes(f, max)
	if err != nil {
		return nil, err
	}
	return ReadWith(f, func(f *detect.File) (*detect.Fragment, error) { return read(f, T(data)) })
}

// Record is what one file of a database says, while it is read. Make one with [NewRecord].
type Record struct {
	Ctx    context.Context // of the call that reads the file
	Frag   detect.Fragment // but for the claims and gaps
	Claims *Claims
	Gaps   Gaps
}

// NewRecord returns an empty record for f, whose database is in root, of at most maxClaims
// claims.
func NewRecord(ctx context.Context, f *detect.File, root string, maxClaims int) Record {
	return Record{Ctx: ctx, Claims: NewClaims(f, root, maxClaims)}
}

// Fragment returns all that the record has.
func (r *Record) Fragment() *detect.Fragment {
	r.Frag.Claims = r.Claims.List()
	r.Frag.Gaps = r.Gaps.List()
	return &r.Frag
}

// CutLast cuts a path before its last element; dir is empty when it has only one.
func CutLast(p string) (dir, base string) {
	i := strings.LastIndexByte(p, '/')
	return p[:max(i, 0)], p[i+1:]
}
