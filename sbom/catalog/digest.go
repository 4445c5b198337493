package catalog

import (
	"crypto/md5"  // #nosec: what dpkg and rpm recorded is compared, nothing is trusted
	"crypto/sha1" // #nosec: what apk recorded is compared, nothing is trusted
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// algorithms are those by which content is hashed in addition to SHA-256.
type algorithms uint32

const (
	withSHA1 algorithms = 1 << iota // what apk records
	withMD5                         // what dpkg records, and rpm did long ago
)

// algorithmOf returns the algorithm of a recorded digest, if it is one of ours.
func algorithmOf(d sbom.Digest) algorithms {
	switch d.Algorithm() {
	case "sha1":
		return withSHA1
	case "md5":
		return withMD5
	}
	return 0
}

// guess returns the algorithms by which a package manager may have recorded the file
// at path. What the guess leaves out, which is known when all layers are read, costs a
// second look at the file; what it has too much costs time. So it depends on where
// the distributions' packages put their files, and on what by then is known of the
// image's package manager.
func (s *scanner) guess(path string) algorithms {
	top, rest, _ := strings.Cut(path, "/")
	switch {
	case top == "usr" && strings.HasPrefix(rest, "local/"):
		return 0
	case top == "usr", top == "etc", top == "bin", top == "sbin", top == "boot", strings.HasPrefix(top, "lib"):
		return algorithms(s.manager.Load())
	}
	return 0
}

// notice learns from a path which package manager the image has.
func (s *scanner) notice(path string) {
	switch {
	case strings.HasPrefix(path, "lib/apk/"), strings.HasPrefix(path, "etc/apk/"):
		s.manager.Store(uint32(withSHA1))
	case strings.HasPrefix(path, "usr/lib/sysimage/rpm/"), strings.HasPrefix(path, "var/lib/rpm/"):
		s.manager.Store(0)
	}
}

// digester hashes content with every algorithm that it is asked for, in one pass.
type digester struct {
	sha256, sha1, md5 hash.Hash
	also              algorithms
	buf               []byte
	beside            *beside // nil until it is needed, and if it never is
	spare             func() bool
}

const (
	// nearest is the size of pieces that stay in the nearest cache while several hashes
	// go over them.
	nearest = 32 << 10
	// besideFrom is the size of pieces from which it pays to wake another goroutine.
	besideFrom = 16 << 10
)

// newDigester returns a digester that uses another processor when spare says that there
// is one.
func newDigester(spare func() bool) *digester {
	return &digester{sha256: sha256.New(), sha1: sha1.New(), md5: md5.New(), buf: make([]byte, nearest), spare: spare}
}

// Write adds to the content. It never fails.
func (d *digester) Write(p []byte) (int, error) {
	if d.also != 0 && len(p) >= besideFrom && d.spare() {
		if d.beside == nil {
			d.beside = newBeside()
		}
		d.beside.begin(func() { d.others(p) })
		_, _ = d.sha256.Write(p)
		d.beside.wait()
		return len(p), nil
	}
	n := len(p)
	for len(p) > 0 {
		piece := p[:min(len(p), nearest)]
		p = p[len(piece):]
		_, _ = d.sha256.Write(piece)
		d.others(piece)
	}
	return n, nil
}

// others adds to what is hashed by other algorithms than SHA-256.
func (d *digester) others(p []byte) {
	if d.also&withSHA1 != 0 {
		_, _ = d.sha1.Write(p)
	}
	if d.also&withMD5 != 0 {
		_, _ = d.md5.Write(p)
	}
}

// close ends what the digester has beside.
func (d *digester) close() {
	if d.beside != nil {
		close(d.beside.work)
		d.beside = nil
	}
}

// beside is a goroutine that does one thing at a time.
type beside struct {
	work chan func()
	done chan struct{}
}

func newBeside() *beside {
	b := &beside{work: make(chan func()), done: make(chan struct{}, 1)}
	go func() {
		for f := range b.work {
			f()
			b.done <- struct{}{}
		}
	}()
	return b
}

func (b *beside) begin(f func()) { b.work <- f }
func (b *beside) wait()          { <-b.done }

// ReadFrom adds all of r to the content.
func (d *digester) ReadFrom(r io.Reader) (n int64, err error) {
	for {
		m, err := r.Read(d.buf)
		n += int64(m)
		_, _ = d.Write(d.buf[:m])
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// digests returns the digests of the content, sha256 first.
func (d *digester) digests() []sbom.Digest {
	out := []sbom.Digest{sbom.Digest("sha256:" + hex.EncodeToString(d.sha256.Sum(nil)))}
	if d.also&withSHA1 != 0 {
		out = append(out, sbom.Digest("sha1:"+hex.EncodeToString(d.sha1.Sum(nil))))
	}
	if d.also&withMD5 != 0 {
		out = append(out, sbom.Digest("md5:"+hex.EncodeToString(d.md5.Sum(nil))))
	}
	return out
}

// reset forgets the content and starts anew.
func (d *digester) reset(also algorithms) {
	d.also = also
	d.sha256.Reset()
	d.sha1.Reset()
	d.md5.Reset()
}
