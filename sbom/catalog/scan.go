package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// scanner reads layers into facts. It is shared by all layers.
type scanner struct {
	detectors   []detect.Detector
	maxFileSize int64
	maxEntries  int64
	hashAll     bool
	budget      *budget
	spill       *spill
	meter       *meter
	log         *slog.Logger

	entries atomic.Int64  // read so far, of all layers
	named   atomic.Int64  // bytes of their names
	claimed atomic.Int64  // bytes of claims, of all layers
	reading atomic.Int32  // layers at this moment
	manager atomic.Uint32 // algorithms by which the image's package manager records, as far as is known
}

// layerScan is the reading of one layer.
type layerScan struct {
	*scanner
	digester *digester
	head     [detect.HeadSize]byte
	wanting  []int // indexes of the detectors that want the current file
	facts    *draft
	gaps     []sbom.Gap
	problems int // entries that had one
	patience *patience

	// last finds the entry that is at a path, for hard links: in a tar stream
	// only the first name of a file has its content.
	last map[string]int
	// relink are the entries as which a file is to be read again, by its own: hard links
	// whose name some detector wants, and itself if a sieve did not keep enough of it.
	// There are none for a file that is only to be hashed, because a link made it
	// executable.
	relink map[int][]int
}

// layerResult is what a scan found out.
type layerResult struct {
	facts *layerFacts
	// gaps are about the layer itself, and not about a file that a later layer
	// may hide.
	gaps []sbom.Gap
	// uncompressed is the length of the layer's tar stream.
	uncompressed int64
}

// scan reads the layer once, from the beginning to the end. Its bytes are read a
// second time only if a file is hard-linked to a name that a detector wants,
// after it went by under a name that nobody wants, if a hard link makes it executable, or
// if a detector turns out to need more of a file than it let keep.
func (s *scanner) scan(ctx context.Context, layer *image.Layer) (r *layerResult, err error) {
	l := &layerScan{
		scanner: s, digester: newDigester(s.spare), facts: new(draft), patience: &patience{ctx: ctx},
		last: make(map[string]int), relink: make(map[int][]int),
	}
	defer l.patience.end(&err)
	defer l.digester.close()
	s.reading.Add(1)
	defer s.reading.Add(-1)
	if err := l.read(ctx, layer, l.entry); err != nil {
		return nil, err
	}
	l.gaps = append(l.gaps, moreProblems(l.problems, nil)...)
	if len(l.relink) > 0 {
		s.log.Debug("reading files again", "files", len(l.relink))
		at := -1
		err := l.read(ctx, layer, func(ctx context.Context, e *image.Entry) error {
			if !usable(e) {
				return nil
			}
			at++
			return l.relinked(ctx, e, at)
		})
		if err != nil {
			return nil, err
		}
		l.changed()
		slices.SortStableFunc(l.facts.Fragments, func(a, b fragment) int { return cmp.Compare(a.Entry, b.Entry) })
	}
	return &layerResult{l.facts.pack(l.patience), l.gaps, layer.Info().UncompressedSize}, nil
}

// spare reports whether there are processors that no layer keeps busy: with as many
// layers as processors all are, and handing work from one to the other only costs.
func (s *scanner) spare() bool { return int(s.reading.Load()) < runtime.GOMAXPROCS(0) }

// read calls each for the layer's entries. Its errors are *image.LayerError, but
// for that of a context that is done.
func (l *layerScan) read(ctx context.Context, layer *image.Layer, each func(context.Context, *image.Entry) error) error {
	for e, err := range layer.Entries(ctx) {
		if errors.Is(err, image.ErrTrailing) {
			l.gaps = append(l.gaps, sbom.Gap{Kind: sbom.GapUnsupported, Message: image.ErrTrailing.Error()})
			continue
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := each(ctx, e); err != nil {
			return layerError(ctx, layer, e.Path, err)
		}
	}
	return nil
}

func layerError(ctx context.Context, layer *image.Layer, path string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if le := new(image.LayerError); errors.As(err, &le) {
		return err
	}
	return &image.LayerError{Layer: *layer.Info().Ref(), Path: path, Err: err}
}

// usable reports whether e becomes an entry of the facts.
func usable(e *image.Entry) bool { return e.Path != "" }

func (l *layerScan) entry(ctx context.Context, e *image.Entry) error {
	if e.Problem != nil {
		l.problem(e)
	}
	if !usable(e) {
		return nil
	}
	if l.entries.Add(1) > l.maxEntries {
		return fmt.Errorf("%w: more than %d entries in all layers", image.ErrLimit, l.maxEntries)
	}
	out := entry{Path: e.Path, Mode: e.Mode, Size: e.Size, Capabilities: e.Capabilities}
	switch {
	case e.Opaque != "":
		out = entry{Op: opOpaque, Path: e.Opaque}
	case e.Whiteout != "":
		out = entry{Op: opHide, Path: e.Whiteout}
	case e.Hardlink:
		out = entry{Op: opLink, Path: e.Path, Link: e.Link, Mode: e.Mode & linkModes}
		l.hardlink(e)
	case e.Mode.Type() == fs.ModeSymlink:
		out.Link = e.Link
	case e.Mode.IsRegular():
		if err := l.regular(ctx, e, &out); err != nil {
			return err
		}
	}
	if out.Op == opPut {
		l.last[e.Path] = len(l.facts.Entries)
	}
	l.notice(e.Path)
	if err := l.admit(&out); err != nil {
		return err
	}
	l.facts.Entries = append(l.facts.Entries, out)
	l.meter.entry(e.Size)
	return nil
}

// regular looks at a regular file: it asks the detectors, hashes what needs to
// be and leaves the rest unread.
func (l *layerScan) regular(ctx context.Context, e *image.Entry, out *entry) error {
	head, err := l.readHead(e)
	if closed(err) {
		l.unread(e, out, err)
		return nil
	}
	if err != nil {
		return err
	}
	in := detect.Entry{Path: e.Path, Mode: e.Mode, Size: e.Size, Head: head}
	out.Kind = kindOf(e.Mode, e.Size, head)
	index := len(l.facts.Entries)
	l.ask(&in, index)
	if len(l.wanting) > 0 && e.Size > l.maxFileSize {
		l.tooLarge(&in, index)
		l.wanting = l.wanting[:0]
	}
	switch {
	case len(l.wanting) > 0:
		return l.wanted(ctx, e, in, index, out)
	case out.Kind != "" || l.hashAll:
		return l.hash(e, head, out, l.guess(e.Path))
	}
	return nil
}

func (l *layerScan) readHead(r io.Reader) ([]byte, error) {
	n, err := io.ReadFull(r, l.head[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	return l.head[:n], nil
}

// hash hashes head and what e has behind it.
func (l *layerScan) hash(e *image.Entry, head []byte, out *entry, also algorithms) error {
	l.digester.reset(also)
	_, _ = l.digester.Write(head)
	if _, err := e.WriteTo(l.digester); err != nil {
		return err
	}
	out.Digests = l.digester.digests()
	return nil
}

// wanted takes in the file and hands it to the detectors that want it.
func (l *layerScan) wanted(ctx context.Context, e *image.Entry, in detect.Entry, index int, out *entry) error {
	if sieves := l.sift(&in); sieves != nil {
		return l.sifted(ctx, e, in, sieves, index, out)
	}
	content, err := l.hold(e, in.Head, e.Size, l.guess(e.Path))
	if err != nil {
		return err
	}
	defer content.free()
	out.Digests = content.digests
	// The detectors get their own head: it must not change under them.
	in.Head = append([]byte(nil), in.Head...)
	return l.detect(ctx, in, content, index)
}

// detect calls the detectors that want the file and files what they say.
func (l *layerScan) detect(ctx context.Context, in detect.Entry, c *held, index int) error {
	for _, i := range l.wanting {
		d := l.detectors[i]
		f := &detect.File{Entry: in, ReaderAt: c, Digest: c.digests[0]}
		frag, err := guard(ctx, d, f)
		if c.failed() != nil {
			return c.failed()
		}
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		l.file(d.ID(), index, in.Path, frag, err)
	}
	return nil
}

// file files a fragment, and the error beside it as a gap.
func (l *layerScan) file(id detect.ID, index int, path string, frag *detect.Fragment, err error) {
	if frag == nil {
		if err == nil {
			return
		}
		frag = new(detect.Fragment)
	}
	if err != nil {
		l.log.Debug("not understood", "path", path, "detector", id.String(), "error", err)
		frag.Gaps = append(frag.Gaps, sbom.Gap{Kind: gapKind(err), Message: message(err)})
	}
	for i := range frag.Components {
		sanitize(&frag.Components[i].Component)
	}
	packed := newFragment(index, id, frag, l.patience)
	if err := l.admitClaims(&packed.claims); err != nil {
		panic(interruption{err})
	}
	l.facts.Fragments = append(l.facts.Fragments, packed)
	l.meter.found(len(frag.Components))
}

func (l *layerScan) tooLarge(in *detect.Entry, index int) {
	for _, i := range l.wanting {
		l.file(l.detectors[i].ID(), index, in.Path, nil, &detect.LimitError{Path: in.Path, Limit: l.maxFileSize, Size: in.Size})
	}
}

// ask sets l.wanting to the detectors that want the file. One that panics does not, and the
// others behind it are asked all the same.
func (l *layerScan) ask(in *detect.Entry, index int) {
	l.wanting = l.wanting[:0]
	for next := 0; next < len(l.detectors); next++ {
		err := caught(func() {
			for ; next < len(l.detectors); next++ {
				if l.detectors[next].Wants(in) {
					l.wanting = append(l.wanting, next)
				}
			}
		})
		if err != nil {
			l.file(l.detectors[next].ID(), index, in.Path, nil, err)
		}
	}
}

// hardlink notes that a detector wants a file by the name of a hard link to it.
func (l *layerScan) hardlink(e *image.Entry) {
	index := len(l.facts.Entries)
	target, ok := l.last[e.Link]
	if !ok {
		// A link to an older layer's file, which no builder of images is known to
		// make, or to nothing, which the fold reports.
		l.ask(&detect.Entry{Path: e.Path, Mode: e.Mode}, index)
		for _, i := range l.wanting {
			l.file(l.detectors[i].ID(), index, e.Path, nil, errOlderLink)
		}
		return
	}
	to := &l.facts.Entries[target]
	in := detect.Entry{Path: e.Path, Mode: to.Mode, Size: to.Size}
	if !to.Mode.IsRegular() {
		return
	}
	l.last[e.Path] = target
	l.ask(&in, index)
	to.Mode |= e.Mode & linkModes
	if runnable := to.Mode.Perm()&0o111 != 0; runnable && to.Kind == "" && l.relink[target] == nil {
		l.relink[target] = []int{} // It is executable after all: its kind and digests are needed.
	}
	switch {
	case len(l.wanting) == 0:
	case to.Size > l.maxFileSize:
		l.tooLarge(&in, index)
	default:
		l.relink[target] = append(l.relink[target], index)
	}
}

// linkModes are the bits that the header of a hard link can add to the file: some
// run times set the mode that it states, and all names of the file then have it.
const linkModes = 0o111 | fs.ModeSetuid | fs.ModeSetgid

var errOlderLink = fmt.Errorf("%w: a hard link to a file of an older layer, whose content is not read by this name", detect.ErrUnsupported)

// relinked reads entry number at again if it is to be.
func (l *layerScan) relinked(ctx context.Context, e *image.Entry, at int) error {
	links := l.relink[at]
	if links == nil || l.facts.Entries[at].Path != e.Path {
		return nil // Not it: files of directories come and go.
	}
	head, err := l.readHead(e)
	if closed(err) {
		return nil
	}
	if err != nil {
		return err
	}
	delete(l.relink, at)
	out := &l.facts.Entries[at]
	out.Kind = kindOf(out.Mode, e.Size, head)
	if len(links) == 0 {
		return l.hash(e, head, out, l.guess(out.Path))
	}
	content, err := l.hold(e, head, e.Size, l.guess(out.Path))
	if err != nil {
		return err
	}
	defer content.free()
	out.Digests = content.digests
	for _, index := range links {
		in := detect.Entry{Path: l.facts.Entries[index].Path, Mode: e.Mode, Size: e.Size, Head: append([]byte(nil), head...)}
		l.ask(&in, index)
		if err := l.detect(ctx, in, content, index); err != nil {
			return err
		}
	}
	return nil
}
