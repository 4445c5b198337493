package oci

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/imagetrust/imagetrust/attest"
)

const (
	kindAtts = "dev.cosignproject.cosign/atts"
	kindSigs = "dev.cosignproject.cosign/sigs"
)

// isCompanion reports whether an entry of index.json belongs to an image rather
// than being one: cosign's signatures and attestations, and referrers tags.
func isCompanion(d Descriptor) bool {
	kind, ref := d.Annotations[annotationKind], d.Annotations[annotationRefName]
	return kind == kindAtts || kind == kindSigs || isReferrersTag(ref)
}

func isReferrersTag(ref string) bool {
	return strings.HasPrefix(ref, "sha256-") || strings.HasPrefix(ref, "sha384-") || strings.HasPrefix(ref, "sha512-")
}

// isAtt reports whether an entry of index.json is cosign's .att image of subject: by
// its name, or, as in the layouts that cosign saves, by its kind and no name at all.
func isAtt(d Descriptor, subject attest.Digest) bool {
	kind, ref := d.Annotations[annotationKind], d.Annotations[annotationRefName]
	return ref == attTag(subject) || ref == "" && kind == kindAtts
}

// candidates walks index.json and the indexes that it lists, for manifests with
// the subject, for cosign's attestations, and for BuildKit's statements.
func (l *LayoutTarget) candidates(ctx context.Context, subject attest.Digest) ([]candidate, []Rejected, error) {
	root, err := l.open()
	if err != nil {
		return nil, nil, err
	}
	defer root.Close()
	entries, err := l.memo.index(root)
	if err != nil {
		return nil, nil, err
	}
	w := &layoutWalk{root: root, memo: l.memo, subject: subject, seen: map[listed]bool{}}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		w.entry(e, 0)
	}
	return w.found, w.rejected, nil
}

type layoutWalk struct {
	root     *os.Root
	memo     *layoutMemo
	subject  attest.Digest
	seen     map[listed]bool
	found    []candidate
	rejected []Rejected
}

// listed is a manifest as an index lists it. Annotations are anybody's word: what
// one index says of a manifest must not hide what it is in another.
type listed struct {
	digest attest.Digest
	as     Store
}

// storeOf tells by its annotations where a descriptor says that it belongs.
func (w *layoutWalk) storeOf(d Descriptor) Store {
	switch {
	case isAtt(d, w.subject):
		return StoreAtt
	case d.Annotations[annotationReferenceType] == buildKitStatements:
		return StoreBuildKit
	}
	return StoreLayout
}

// entry looks at one descriptor, depth indexes below index.json.
func (w *layoutWalk) entry(d Descriptor, depth int) {
	as := w.storeOf(d)
	ofOther := as == StoreBuildKit && d.Annotations[annotationReference] != string(w.subject)
	if ofOther || w.seen[listed{d.Digest, as}] {
		return
	}
	w.seen[listed{d.Digest, as}] = true
	switch {
	case len(w.seen) > maxLayoutManifests:
		w.reject(d, fmt.Errorf("%w: more than %d manifests", ErrLimit, maxLayoutManifests))
		return
	case as != StoreLayout:
		w.found = append(w.found, candidate{Descriptor: d, store: as})
		return
	}
	m := w.memo.manifest(w.root, d.Digest)
	switch {
	case m.missing != nil:
		w.missing(d, depth, m.missing)
	case m.subject == w.subject:
		w.found = append(w.found, candidate{Descriptor: d, store: StoreLayout})
	case depth < 4:
		for _, child := range m.children {
			w.entry(child, depth+1)
		}
	}
}

// missing reports an unreadable entry. Images of other platforms are often left
// out of a layout, so that below index.json only broken ones are worth a word.
func (w *layoutWalk) missing(d Descriptor, depth int, err error) {
	if depth > 0 && isNotFound(err) {
		return
	}
	w.reject(d, err)
}

func (w *layoutWalk) reject(d Descriptor, err error) {
	w.rejected = append(w.rejected, Rejected{d, StoreLayout, err})
}
