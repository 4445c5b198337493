package catalog

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// BenchmarkDigester compares sha256 alone with all three digests in one pass.
func BenchmarkDigester(b *testing.B) {
	data := make([]byte, 1<<20)
	rng := rand.NewChaCha8([32]byte{})
	_, _ = rng.Read(data)
	for name, h := range map[string]hash.Hash{"sha256": sha256.New(), "sha1": sha1.New(), "md5": md5.New()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				_, _ = h.Write(data)
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		d := newDigester(func() bool { return false })
		d.reset(withSHA1 | withMD5)
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			_, _ = d.ReadFrom(io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))))
		}
	})
}

// BenchmarkFold folds one layer of 100,000 files in 1,000 packages, and one that
// upgrades half of them.
func BenchmarkFold(b *testing.B) {
	const packages, files = 1000, 100
	layer := func(version string, count int) *layerResult {
		facts := new(draft)
		var frag detect.Fragment
		for p := range count {
			key := fmt.Sprint("package", p)
			frag.Components = append(frag.Components, detect.Component{Key: key, Component: sbom.Component{
				Type: sbom.TypeLibrary, Name: key, Version: version, PURL: sbom.NewPURL("deb", "", key, version, nil)}})
			for f := range files {
				path := fmt.Sprintf("usr/lib/%s/%d/file%d", key, f%10, f)
				digest := sbom.Digest(fmt.Sprintf("md5:%032x", f))
				e := entry{Path: path, Mode: 0o644, Size: 100}
				if f%10 == 0 {
					e.Kind, e.Digests = sbom.KindELF, []sbom.Digest{digest}
				}
				facts.Entries = append(facts.Entries, e)
				frag.Claims = append(frag.Claims, detect.Claim{Key: key, Path: path, Digest: digest})
			}
		}
		facts.Entries = append(facts.Entries, entry{Path: "db", Mode: 0o644})
		facts.Fragments = []fragment{newFragment(len(facts.Entries)-1, detect.ID{Name: "b", Version: "1"}, &frag, nil)}
		return &layerResult{facts: facts.pack(nil)}
	}
	layers := []*layerResult{layer("1", packages), layer("2", packages/2)}
	b.ReportAllocs()
	for b.Loop() {
		foldAll(b, layers)
	}
}
