package quality

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
)

// value returns what fills a field of a component. When the field asks nothing of it, why
// says so.
func (c *checker) value(comp *sbom.Component, f Field) (value, why string) {
	switch f {
	case FieldProducer:
		return comp.Supplier, ""
	case FieldContact:
		return contact(comp), ""
	case FieldName:
		return comp.Name, ""
	case FieldVersion:
		return comp.Version, ""
	case FieldIdentifier:
		return cmp.Or(comp.PURL, first(comp.CPEs)), ""
	case FieldDependencies:
		return c.dependencies(comp), ""
	case FieldHash:
		return string(c.hash(comp, "")), ""
	case FieldSourceURI:
		return reference(comp, "source-distribution", "vcs"), ""
	case FieldSourceHash:
		return string(referenceHash(comp, "source-distribution", "")), ""
	case FieldDistributionURI:
		return reference(comp, "distribution"), ""
	case FieldSecurityContact:
		return reference(comp, "rfc-9116"), ""
	case FieldLicense, FieldExpression, FieldDeclaredLicense, FieldConcludedLicense, FieldEffectiveLicense:
		return license(comp, f)
	case FieldSHA512, FieldFilename, FieldExecutable, FieldArchive, FieldStructured:
		return c.physical(comp, f)
	}
	return "", "the field " + string(f) + " is not known"
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// contact returns a mail or web address of the producer.
func contact(c *sbom.Component) string {
	if _, rest, ok := strings.Cut(c.Supplier, "<"); ok {
		if mail, _, ok := strings.Cut(rest, ">"); ok && address(mail) {
			return mail
		}
	}
	for word := range strings.FieldsSeq(c.Supplier) {
		if word = strings.Trim(word, "()<>,;"); address(word) {
			return word
		}
	}
	return reference(c, "website")
}

func address(s string) bool {
	at := strings.IndexByte(s, '@')
	return at > 0 && at < len(s)-1 || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// reference returns the address of the first reference of the types, in their order.
func reference(c *sbom.Component, types ...string) string {
	for _, typ := range types {
		for _, r := range c.References {
			if r.Type == typ && r.URL != "" {
				return r.URL
			}
		}
	}
	return ""
}

func referenceHash(c *sbom.Component, typ, algorithm string) sbom.Digest {
	for _, r := range c.References {
		if r.Type != typ {
			continue
		}
		if d := digest(r.Hashes, algorithm); d != "" {
			return d
		}
	}
	return ""
}

// digest returns the first digest of the algorithm, of any if that is empty.
func digest(list []sbom.Digest, algorithm string) sbom.Digest {
	for _, d := range list {
		if algorithm == "" || d.Algorithm() == algorithm {
			return d
		}
	}
	return ""
}

// hash returns a digest of the component's archive, or of the file that it is.
func (c *checker) hash(comp *sbom.Component, algorithm string) sbom.Digest {
	d := cmp.Or(digest(comp.Hashes, algorithm), referenceHash(comp, "distribution", algorithm))
	if f := c.file(comp); d == "" && f != nil {
		d = digest(f.Digests, algorithm)
	}
	return d
}

// dependencies says how many components it needs or contains. A component without any is
// a leaf if others of its ecosystem have some: edges are read there.
func (c *checker) dependencies(comp *sbom.Component) string {
	if n := c.edges[comp.ID]; n > 0 {
		return strconv.Itoa(n)
	}
	if c.carried[trait{ecosystem(comp), FieldDependencies}] {
		return "none"
	}
	return ""
}

// license returns the licence that a field asks for.
func license(c *sbom.Component, f Field) (value, why string) {
	if f == FieldEffectiveLicense {
		return "", "which licence is used is the choice of whoever uses the component"
	}
	pick := func(by ...sbom.Acknowledgement) string {
		for _, a := range by {
			for _, l := range c.Licenses {
				if l.Acknowledgement == a && l.Expression != "" {
					return l.Expression
				}
			}
		}
		return ""
	}
	switch f {
	case FieldDeclaredLicense:
		return pick(sbom.LicenseDeclared), ""
	case FieldConcludedLicense:
		return pick(sbom.LicenseConcluded), ""
	case FieldExpression:
		return pick(sbom.LicenseConcluded, sbom.LicenseDeclared), ""
	}
	if s := pick(sbom.LicenseConcluded, sbom.LicenseDeclared, sbom.LicenseFound); s != "" {
		return s, ""
	}
	return stated(c), ""
}

// archives are the suffixes of files that are components made of components.
var archives = []string{".jar", ".war", ".ear", ".zip", ".whl", ".egg", ".nupkg", ".tar", ".tgz", ".gem", ".apk", ".aar", ".hpi"}

func archive(p string) bool { return slices.Contains(archives, strings.ToLower(path.Ext(p))) }

// file returns the file that the component is, nil if it is none that the inventory has.
func (c *checker) file(comp *sbom.Component) *sbom.File {
	if f := c.own[comp.ID]; f != nil {
		return f
	}
	if comp.Type == sbom.TypeFile {
		return c.files[comp.Location().Path]
	}
	return nil
}

// physical returns a field of components that are one file. Others are logical
// components in the words of BSI TR-03183-2, 3.2.2.
func (c *checker) physical(comp *sbom.Component, f Field) (value, why string) {
	at := comp.Location().Path
	own := c.file(comp)
	if own != nil {
		at = own.Path
	}
	packed := archive(at)
	if own == nil && !packed && comp.Type != sbom.TypeFile {
		return "", "it is no single file, but a package that was unpacked"
	}
	switch f {
	case FieldSHA512:
		return string(c.hash(comp, "sha512")), ""
	case FieldFilename:
		return path.Base(at), ""
	case FieldArchive:
		return either(packed, "archive", "no archive"), ""
	case FieldStructured:
		return either(packed, "structured", "unstructured"), ""
	}
	return either(own != nil && own.Kind != "" || packed, "executable", "non-executable"), ""
}

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}
