package binary

import (
	"bytes"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/textscan"
	"github.com/imagetrust/imagetrust/sbom/detect/binary/rules"
)

// noteBehindData notes a version that ends its string and that data stands at once before of
// which the last bytes happen to be printable: nothing ends what is no string.
func (c *collector) noteBehindData(v *textscan.Version) {
	n := len(v.Before)
	if !v.Closed || len(v.After) > 0 || n == 0 || bytes.Count(v.Text, []byte(".")) != 2 || address(v.Text) {
		return
	}
	last := v.Before[n-1]
	letter := last|0x20 >= 'a' && last|0x20 <= 'z'
	if bytes.IndexByte([]byte("._-/ =:,;([\"'@"), last) >= 0 || letter && n > 4 || letter && last >= 'a' {
		return // Part of a name, of a path or of a sentence.
	}
	if _, ok := c.behind[string(v.Text)]; !ok && c.room(len(c.behind), maxBare, "versions") {
		c.behind[string(v.Text)] = place{v.Offset, string(v.Text)}
	}
}

// only returns the one version of a product's shape that is known to be no other's.
func only[P any](stated others, p *rules.Product, versions map[string]P) (version string, at P, ok bool) {
	n := 0
	for v, where := range versions {
		if p.Shaped(v) && !stated.has(p, v) {
			version, at = v, where
			if n++; n > 1 {
				break
			}
		}
	}
	return version, at, n == 1
}
