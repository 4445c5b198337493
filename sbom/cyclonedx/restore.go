package cyclonedx

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/internal/spdxexpr"
	"github.com/imagetrust/imagetrust/sbom"
)

// restore writes kept properties of c as fields of out, and returns the
// properties that it did not.
func (e *encoder) restore(out *cdx.Component, c *sbom.Component) []sbom.Property {
	var rest []sbom.Property
	for _, p := range c.Properties {
		name, ok := strings.CutPrefix(p.Name, keptPrefix)
		if !ok || !e.restoreField(out, c, name, p.Value) {
			rest = append(rest, p)
		}
	}
	return rest
}

func (e *encoder) restoreField(out *cdx.Component, c *sbom.Component, name, value string) bool {
	switch name {
	case "author":
		return !(e.opts.Format == XML && out.Authors != nil) && restoreText(&out.Author, value)
	case "publisher":
		return restoreText(&out.Publisher, value)
	case "mime-type":
		return mimeType.MatchString(value) && restoreText(&out.MIMEType, value)
	case "scope":
		if s := cdx.Scope(value); out.Scope == "" && (s == cdx.ScopeOptional || s == cdx.ScopeRequired) {
			out.Scope = s
			return true
		}
	case "supplier":
		return e.restoreOrganization(&out.Supplier, value, func(o *cdx.OrganizationalEntity) bool {
			return o.Name == c.Supplier && keptOrganization(o) != nil
		})
	case "manufacturer":
		return e.version >= cdx.SpecVersion1_6 && out.Manufacturer == nil &&
			e.restoreOrganization(&out.Manufacturer, value, func(*cdx.OrganizationalEntity) bool { return true })
	case "authors":
		// cyclonedx-go writes author in front of authors, which the XML schema wants the other way round.
		return e.version >= cdx.SpecVersion1_6 && !(e.opts.Format == XML && out.Author != "") && restoreJSON(&out.Authors, value, goodContacts)
	case "tags":
		return e.version >= cdx.SpecVersion1_6 && restoreJSON(&out.Tags, value, goodTexts)
	case "swid":
		return restoreJSON(&out.SWID, value, goodSWID)
	case "hashes":
		return e.restoreHashes(out, value)
	case "licenses":
		return e.restoreLicenses(out, c, value)
	case "externalReferences":
		return e.restoreReferences(out, c, value)
	case "evidence":
		return e.restoreEvidence(out, c, value)
	}
	return false
}

func restoreText(to *string, value string) bool {
	if *to != "" || value == "" || !document.Plain(value) {
		return false
	}
	*to = value
	return true
}

// restoreJSON sets *to if value is what kept makes of it and good has nothing
// against it.
func restoreJSON[T any](to **T, value string, good func(*T) bool) bool {
	v := new(T)
	if *to != nil || value == "null" || json.Unmarshal([]byte(value), v) != nil || string(compact(v)) != value || !good(v) {
		return false
	}
	*to = v
	return true
}

var (
	mimeType    = regexp.MustCompile(`^[-+a-z0-9.]+/[-+a-z0-9.]+$`)
	mailAddress = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	hashContent = regexp.MustCompile(`^([a-fA-F0-9]{32}|[a-fA-F0-9]{40}|[a-fA-F0-9]{64}|[a-fA-F0-9]{96}|[a-fA-F0-9]{128})$`)
)

func goodTexts(list *[]string) bool {
	for _, s := range *list {
		if s == "" || !document.Plain(s) {
			return false
		}
	}
	return len(*list) > 0
}

func goodSWID(s *cdx.SWID) bool {
	return goodTexts(&[]string{s.TagID, s.Name}) && document.Plain(s.Version) && s.Text == nil &&
		s.URL == "" && // cyclonedx-go writes it as an attribute, which the XML schema does not have
		(s.TagVersion == nil || *s.TagVersion >= 0)
}

func goodContacts(list *[]cdx.OrganizationalContact) bool {
	for _, c := range *list {
		if c.BOMRef != "" || !document.Plain(c.Name) || !document.Plain(c.Phone) || c.Email != "" && !mailAddress.MatchString(c.Email) {
			return false
		}
	}
	return len(*list) > 0
}

func (e *encoder) restoreOrganization(to **cdx.OrganizationalEntity, value string, same func(*cdx.OrganizationalEntity) bool) bool {
	before := *to
	*to = nil
	ok := restoreJSON(to, value, func(o *cdx.OrganizationalEntity) bool {
		if o.BOMRef != "" || o.Address != nil || o.URL == nil && o.Contact == nil && o.Name == "" || !document.Plain(o.Name) || !same(o) {
			return false
		}
		if o.URL != nil {
			for _, u := range *o.URL {
				if !goodIRI(u) {
					return false
				}
			}
		}
		return o.Contact == nil || goodContacts(o.Contact)
	})
	if !ok {
		*to = before
	}
	return ok
}

// otherHashes are the algorithms of CycloneDX that no sbom.Digest has.
var otherHashes = map[cdx.HashAlgorithm]cdx.SpecVersion{
	cdx.HashAlgoSHA3_256: cdx.SpecVersion1_4, cdx.HashAlgoSHA3_384: cdx.SpecVersion1_4, cdx.HashAlgoSHA3_512: cdx.SpecVersion1_4,
	cdx.HashAlgoBlake2b_256: cdx.SpecVersion1_4, cdx.HashAlgoBlake2b_384: cdx.SpecVersion1_4, cdx.HashAlgoBlake2b_512: cdx.SpecVersion1_4,
	cdx.HashAlgoBlake3: cdx.SpecVersion1_4, cdx.HashAlgoStreebog256: cdx.SpecVersion1_7, cdx.HashAlgoStreebog512: cdx.SpecVersion1_7,
}

func (e *encoder) goodHash(h cdx.Hash) bool {
	since, ok := otherHashes[h.Algorithm]
	return ok && e.version >= since && hashContent.MatchString(h.Value)
}

func (e *encoder) restoreHashes(out *cdx.Component, value string) bool {
	var others *[]cdx.Hash
	ok := restoreJSON(&others, value, func(list *[]cdx.Hash) bool {
		return len(*list) > 0 && !slices.ContainsFunc(*list, func(h cdx.Hash) bool { return !e.goodHash(h) })
	})
	if !ok || keptHashes(out.Hashes) != nil {
		return false
	}
	if out.Hashes != nil {
		*others = append(slices.Clone(*out.Hashes), *others...)
	}
	out.Hashes = others
	return true
}

// restoreLicenses writes licences with their texts, if they are still the
// component's.
func (e *encoder) restoreLicenses(out *cdx.Component, c *sbom.Component, value string) bool {
	stated, _ := splitFound(c.Licenses)
	before := out.Licenses
	out.Licenses = nil
	ok := restoreJSON(&out.Licenses, value, func(list *cdx.Licenses) bool {
		return keptLicenses(list) != nil && e.goodLicenses(*list) && slices.EqualFunc(mapLicenses(list), stated, sameLicense)
	})
	if !ok {
		out.Licenses = before
	}
	return ok
}

// sameLicense compares what CycloneDX says of licences.
func sameLicense(a, b sbom.License) bool {
	return a.Expression == b.Expression && (a.Name == b.Name || a.Expression != "") && a.Acknowledgement == b.Acknowledgement
}

func (e *encoder) goodLicenses(list cdx.Licenses) bool {
	for _, c := range list {
		l := c.License
		switch {
		case c.ExpressionDetails != nil, c.BOMRef != "", c.Licensing != nil, c.Properties != nil:
			return false
		case c.Expression != "":
			if l != nil || c.Acknowledgement != nil || !spdxexpr.Valid(c.Expression) || len(list) > 1 && e.version < cdx.SpecVersion1_7 {
				return false
			}
		case l == nil, l.BOMRef != "", l.Licensing != nil, l.Properties != nil, (l.ID == "") == (l.Name == ""):
			return false
		case l.ID != "" && !document.IsLicenseID(l.ID), !document.Plain(l.Name), l.URL != "" && !goodIRI(l.URL):
			return false
		case l.Acknowledgement != "" && (e.version < cdx.SpecVersion1_6 || l.Acknowledgement != cdx.LicenseAcknowledgementDeclared && l.Acknowledgement != cdx.LicenseAcknowledgementConcluded):
			return false
		case l.Text != nil && !goodText(l.Text):
			return false
		}
	}
	return true
}

// goodText reports whether both encodings carry an attachment as it is.
func goodText(t *cdx.AttachedText) bool {
	lines := strings.NewReplacer("\n", " ", "\t", " ").Replace(t.Content)
	return document.Plain("x"+lines+"x") && (t.ContentType == "" || mimeType.MatchString(t.ContentType)) && (t.Encoding == "" || t.Encoding == "base64")
}

func (e *encoder) restoreReferences(out *cdx.Component, c *sbom.Component, value string) bool {
	before := out.ExternalReferences
	out.ExternalReferences = nil
	ok := restoreJSON(&out.ExternalReferences, value, func(list *[]cdx.ExternalReference) bool {
		return keptReferences(list) != nil && e.goodReferences(*list) && slices.EqualFunc(mapReferences(list), c.References, sameReference)
	})
	if !ok {
		out.ExternalReferences = before
	}
	return ok
}

func sameReference(a, b sbom.Reference) bool {
	return a.Type == b.Type && a.URL == b.URL && a.Comment == b.Comment && slices.Equal(a.Hashes, b.Hashes)
}

func (e *encoder) goodReferences(list []cdx.ExternalReference) bool {
	for i := range list {
		r := &list[i]
		if r.Properties != nil || !e.goodReferenceType(string(r.Type)) || !goodIRI(r.URL) || !document.Plain(r.Comment) {
			return false
		}
		if r.Hashes == nil {
			continue
		}
		for _, h := range *r.Hashes {
			if d, ok := digest(h); ok && !(hashNames[d.Algorithm()] == h.Algorithm && d.Hex() == h.Value) || !ok && !e.goodHash(h) {
				return false
			}
		}
	}
	return true
}

// stillFound reports whether licences of the evidence are valid, say more than the
// component does, and nothing else.
func (e *encoder) stillFound(ev *cdx.Evidence, c *sbom.Component) bool {
	_, found := splitFound(c.Licenses)
	return keptFound(ev.Licenses) != nil && e.goodLicenses(*ev.Licenses) && slices.EqualFunc(mapFound(ev), found, sameLicense)
}

// restoreEvidence writes notices that were found, and licences with their texts, if
// they are still those that were found.
func (e *encoder) restoreEvidence(out *cdx.Component, c *sbom.Component, value string) bool {
	var found *cdx.Evidence
	ok := restoreJSON(&found, value, func(ev *cdx.Evidence) bool {
		if *ev != (cdx.Evidence{Licenses: ev.Licenses, Copyright: ev.Copyright}) || *ev == (cdx.Evidence{}) {
			return false
		}
		if ev.Copyright != nil && slices.ContainsFunc(*ev.Copyright, func(c cdx.Copyright) bool { return c.Text == "" || !document.Plain(c.Text) }) {
			return false
		}
		return ev.Licenses == nil || e.stillFound(ev, c)
	})
	if !ok {
		return false
	}
	if out.Evidence == nil {
		out.Evidence = &cdx.Evidence{}
	} else if out.Evidence.Copyright != nil {
		return false
	}
	if found.Licenses != nil {
		out.Evidence.Licenses = found.Licenses
	}
	out.Evidence.Copyright = found.Copyright
	return true
}
