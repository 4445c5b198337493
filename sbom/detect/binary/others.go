package binary

import "github.com/imagetrust/imagetrust/sbom/detect/binary/rules"

// others are the products that a file states each version of, none of them twice. Two are enough to
// know that one of them is not a third.
type others map[string][]*rules.Product

// statedVersions returns those of what the patterns found.
func (c *collector) statedVersions() others {
	o := make(others, len(c.hits))
	for k := range c.hits {
		if have := o[k.version]; len(have) == 0 || len(have) == 1 && have[0] != k.product {
			o[k.version] = append(have, k.product)
		}
	}
	return o
}

// has reports whether the file states that version of another product.
func (o others) has(p *rules.Product, version string) bool {
	for _, other := range o[version] {
		if other != p {
			return true
		}
	}
	return false
}
