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
}

func newDigester() *digester {
	return &digester{sha256: sha256.New(), sha1: sha1.New(), md5: md5.New(), buf: make([]byte, 32<<10)}
}

// Write adds to the content. It never fails.
func (d *digester) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		// Pieces that stay in the nearest cache while several hashes go over them.
		piece := p[:min(len(p), len(d.buf))]
		p = p[len(piece):]
		_, _ = d.sha256.Write(piece)
		if d.also&withSHA1 != 0 {
			_, _ = d.sha1.Write(piece)
		}
		if d.also&withMD5 != 0 {
			_, _ = d.md5.Write(piece)
		}
	}
	return n, nil
}

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
