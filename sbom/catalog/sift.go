package catalog

import (
	"context"
	"errors"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// siftFrom is the size of files from which a sieve is cheaper than to hold the content.
const siftFrom = 256 << 10

// sifter is the sieve of one detector. Its panics become errors.
type sifter struct {
	detect.Sieve
	err error
}

// Write implements io.Writer.
func (s *sifter) Write(p []byte) (int, error) {
	if s.err == nil {
		s.err = caught(func() { _, _ = s.Sieve.Write(p) })
	}
	return len(p), nil
}

// sift returns the sieves of the detectors that want a large file, in the order of
// l.wanting, and nil if one of them needs the whole.
func (l *layerScan) sift(in *detect.Entry) []*sifter {
	if in.Size < siftFrom {
		return nil
	}
	sieves := make([]*sifter, len(l.wanting))
	for i, at := range l.wanting {
		d, ok := l.detectors[at].(detect.Sifter)
		if !ok {
			return nil
		}
		s := new(sifter)
		if caught(func() { s.Sieve = d.Sift(in) }) != nil || s.Sieve == nil {
			return nil
		}
		sieves[i] = s
	}
	return sieves
}

// sifted hashes the file while the sieves take it in, and hands these to their
// detectors. If one did not keep enough, the file is read again.
func (l *layerScan) sifted(ctx context.Context, e *image.Entry, in detect.Entry, sieves []*sifter, index int, out *entry) error {
	l.digester.reset(l.guess(in.Path))
	pass := passing{l.digester, sieves}
	_, _ = pass.Write(in.Head)
	// The detectors get their own head: it must not change under them.
	in.Head = append([]byte(nil), in.Head...)
	if _, err := e.WriteTo(pass); err != nil {
		return err
	}
	out.Digests = l.digester.digests()
	frags, errs := make([]*detect.Fragment, len(sieves)), make([]error, len(sieves))
	for i, s := range sieves {
		if errs[i] = s.err; s.err != nil {
			continue
		}
		f := &detect.File{Entry: in, ReaderAt: s.Sieve, Digest: out.Digests[0]}
		frags[i], errs[i] = guard(ctx, l.detectors[l.wanting[i]], f)
		if errs[i] != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.Is(errs[i], detect.ErrSkipped) {
			l.log.Debug("too little was kept of a file", "path", in.Path, "detector", l.detectors[l.wanting[i]].ID().String(), "error", errs[i])
			l.relink[index] = append(l.relink[index], index)
			return nil // And what the others said: they will say it again.
		}
	}
	for i, at := range l.wanting {
		l.file(l.detectors[at].ID(), index, in.Path, frags[i], errs[i])
	}
	return nil
}

// passing is where content goes that is not held.
type passing struct {
	digester *digester
	sieves   []*sifter
}

// Write implements io.Writer.
func (p passing) Write(b []byte) (int, error) {
	for _, s := range p.sieves {
		_, _ = s.Write(b)
	}
	return p.digester.Write(b)
}
