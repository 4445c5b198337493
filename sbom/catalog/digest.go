package catalog

import (
	"crypto/md5"  // #nosec: what dpkg and rpm recorded is compared, nothing is trusted
	"crypto/sha1" // #nosec: what apk recorded is compared, nothing is trusted
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"github.com/imagetrust/imagetrust/sbom"
)

// digester hashes content with every algorithm that package managers record,
// in one pass.
//
// Whether dpkg (md5), apk (sha1) or rpm (sha256, md5) owns a file is known only
// when all layers have been read, and none is read twice. BenchmarkDigester
// shows the price of not knowing.
type digester struct {
	sha256, sha1, md5 hash.Hash
	buf               []byte
}

func newDigester() *digester {
	return &digester{sha256: sha256.New(), sha1: sha1.New(), md5: md5.New(), buf: make([]byte, 32<<10)}
}

// Write adds to the content. It never fails.
func (d *digester) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		// Pieces that stay in the nearest cache while three hashes go over them.
		piece := p[:min(len(p), len(d.buf))]
		p = p[len(piece):]
		_, _ = d.sha256.Write(piece)
		_, _ = d.sha1.Write(piece)
		_, _ = d.md5.Write(piece)
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

// digests returns the digests of the content, sha256 first, and forgets it.
func (d *digester) digests() []sbom.Digest {
	out := []sbom.Digest{
		sbom.Digest("sha256:" + hex.EncodeToString(d.sha256.Sum(nil))),
		sbom.Digest("sha1:" + hex.EncodeToString(d.sha1.Sum(nil))),
		sbom.Digest("md5:" + hex.EncodeToString(d.md5.Sum(nil))),
	}
	d.reset()
	return out
}

func (d *digester) reset() {
	d.sha256.Reset()
	d.sha1.Reset()
	d.md5.Reset()
}
