package catalog

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
)

// unpackClaims gives back what packClaims took.
func unpackClaims(l *claimList) []detect.Claim {
	var out []detect.Claim
	for c := range l.all {
		out = append(out, detect.Claim{
			Key: c.key, Path: string(c.path), Ground: grounds[c.ground], Tree: c.tree,
			Digest: c.digest.text(), Config: c.config, Optional: c.optional,
		})
	}
	return out
}

func TestPackClaims(t *testing.T) {
	md5 := sbom.Digest("md5:d41d8cd98f00b204e9800998ecf8427e")
	claims := []detect.Claim{
		{Key: "a", Path: "usr/bin/a", Ground: sbom.ClaimRecorded, Digest: md5},
		{Key: "a", Path: "usr/bin/ab", Ground: sbom.ClaimRecorded, Digest: "md5:D41D8CD98F00B204E9800998ECF8427E"},
		{Key: "b", Path: "usr/bin", Ground: sbom.ClaimDirectory, Tree: true, Optional: true},
		{Key: "a", Path: "etc/a", Ground: sbom.ClaimContent, Config: true, Digest: "odd"},
		{Key: "a", Path: "etc/a", Ground: sbom.ClaimRecorded},
	}
	l := packClaims(claims, nil)
	if got := unpackClaims(&l); !reflect.DeepEqual(got, claims) || !l.check(context.Background()) {
		t.Errorf("got %+v", got)
	}
	dropped := packClaims([]detect.Claim{{Key: "a"}, {Key: "a", Path: "/x"}, {Key: "a", Path: "x/../y"}, {Key: "a", Path: strings.Repeat("x", maxPath)}}, nil)
	if got := unpackClaims(&dropped); got != nil {
		t.Errorf("not the paths of files: %+v", got)
	}
}

// TestPackGrowth: paths that share more than an encoding may stand for are given back
// all the same.
func TestPackGrowth(t *testing.T) {
	var (
		claims  []detect.Claim
		entries []entry
	)
	for i := range 2000 {
		path := strings.Repeat("x", 2000) + fmt.Sprint(i)
		claims = append(claims, detect.Claim{Key: "a", Path: path, Ground: sbom.ClaimRecorded})
		entries = append(entries, entry{Path: path})
	}
	c, e := packClaims(claims, nil), packEntries(entries, nil)
	if !c.check(context.Background()) || !reflect.DeepEqual(unpackClaims(&c), claims) {
		t.Error("claims differ")
	}
	if !e.check(context.Background()) || !reflect.DeepEqual(e.unpack(nil), entries) {
		t.Error("entries differ")
	}
}

func TestPackedDigestCompare(t *testing.T) {
	for _, test := range []struct {
		recorded, found  sbom.Digest
		comparable, same bool
	}{
		{"", "md5:00", false, false},
		{"md5:d41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427e", true, true},
		{"md5:d41d8cd98f00b204e9800998ecf8427e", "md5:d41d8cd98f00b204e9800998ecf8427f", true, false},
		{"md5:d41d8cd98f00b204e9800998ecf8427e", "sha1:d41d8cd98f00b204e9800998ecf8427e", false, false},
		{"md5:short", "md5:d41d8cd98f00b204e9800998ecf8427e", true, false},
		{"blake3:ab", "blake3:ab", true, true},
		{"blake3:ab", "md5:ab", false, false},
	} {
		var p packedDigest
		if test.recorded != "" {
			p = packedDigest(appendDigest(nil, test.recorded))
		}
		comparable, same := p.compare(test.found)
		if comparable != test.comparable || same != test.same || p.text() != test.recorded {
			t.Errorf("%s and %s: %v %v, text %s", test.recorded, test.found, comparable, same, p.text())
		}
	}
}
