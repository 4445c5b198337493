package spdx

import (
	"encoding/json"
	"strings"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// propertyPrefix begins the names of properties that hold what a package or a file
// says and a component has no field for. The name of the field in SPDX 2.3 JSON
// follows, in the singular for lists, each of whose elements is a property.
const propertyPrefix = "spdx:"

// kept is one such field. Its values are text, or JSON where they have parts.
type kept struct {
	name string
	get  func(*pkg) []string
	set  func(*pkg, string) bool // reports whether the field takes the value
	file bool                    // whether files have it, those of SPDX 3 at least
	pkg  bool                    // whether packages have it
	new  bool                    // whether SPDX 2.2 has no such field
}

func keptText(name string, inPackage, inFile bool, at func(*pkg) *string) kept {
	return kept{
		name: name, pkg: inPackage, file: inFile,
		get: func(p *pkg) []string {
			if s := *at(p); !unstated(s) {
				return []string{s}
			}
			return nil
		},
		set: func(p *pkg, s string) bool {
			v := at(p)
			if !unstated(*v) || unstated(s) {
				return false
			}
			*v = s
			return true
		},
	}
}

// keptChoice is a field that a component has a field for, unless its value is NONE.
func keptChoice(name string, inPackage, inFile bool, at func(*pkg) *string, keep func(string) bool) kept {
	k := keptText(name, inPackage, inFile, at)
	get, set := k.get, k.set
	k.get = func(p *pkg) []string {
		if !keep(*at(p)) {
			return nil
		}
		return get(p)
	}
	k.set = func(p *pkg, s string) bool { return keep(s) && set(p, s) }
	return k
}

func isNone(s string) bool { return s == none }

func keptList(name string, inPackage, inFile bool, at func(*pkg) *[]string) kept {
	return kept{
		name: name, pkg: inPackage, file: inFile,
		get: func(p *pkg) []string { return *at(p) },
		set: func(p *pkg, s string) bool {
			if s == "" {
				return false
			}
			*at(p) = append(*at(p), s)
			return true
		},
	}
}

// keptJSON is a list of objects. The ones that say nothing more are left out.
func keptJSON[T any](name string, inPackage, inFile bool, at func(*pkg) *[]T, keep func(*pkg, *T) bool) kept {
	return kept{
		name: name, pkg: inPackage, file: inFile,
		get: func(p *pkg) []string {
			var out []string
			for i := range *at(p) {
				if v := &(*at(p))[i]; keep(p, v) {
					out = append(out, compact(v))
				}
			}
			return out
		},
		set: func(p *pkg, s string) bool {
			v, ok := exact[T](s)
			if ok {
				*at(p) = append(*at(p), v)
				ok = keep(p, &v)
				if !ok {
					*at(p) = (*at(p))[:len(*at(p))-1]
				}
			}
			return ok
		},
	}
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// exact parses s, if it is what compact makes of its value.
func exact[T any](s string) (T, bool) {
	var v T
	if !strings.HasPrefix(s, "{") || json.Unmarshal([]byte(s), &v) != nil || compact(&v) != s {
		return v, false
	}
	return v, true
}

// keptFields are in the order in which their properties are made.
func keptFields() []kept {
	only := func(p *pkg) *fileOnly {
		if p.file == nil {
			p.file = &fileOnly{}
		}
		return p.file
	}
	fields := []kept{
		keptText("packageFileName", true, false, func(p *pkg) *string { return &p.FileName }),
		keptChoice("supplier", true, true, func(p *pkg) *string { return &p.Supplier }, person),
		keptText("originator", true, true, func(p *pkg) *string { return &p.Originator }),
		keptChoice("downloadLocation", true, false, func(p *pkg) *string { return &p.DownloadLocation }, isNone),
		keptChoice("homepage", true, false, func(p *pkg) *string { return &p.HomePage }, isNone),
		{name: "filesAnalyzed", pkg: true, get: getAnalyzed, set: setAnalyzed},
		{name: "packageVerificationCode", pkg: true, file: true, get: getVerification, set: setVerification},
		keptJSON("checksum", true, true, func(p *pkg) *[]checksum { return &p.Checksums }, func(_ *pkg, c *checksum) bool { return digest(c) == "" }),
		keptChoice("sourceInfo", true, false, func(p *pkg) *string { return &p.SourceInfo }, func(s string) bool { return !strings.HasPrefix(s, builtFrom) }),
		keptChoice("licenseConcluded", true, true, func(p *pkg) *string { return &p.LicenseConcluded }, isNone),
		keptChoice("licenseDeclared", true, true, func(p *pkg) *string { return &p.LicenseDeclared }, isNone),
		{name: "licenseInfoFromFile", pkg: true, get: getUnfound, set: setUnfound},
		keptText("licenseComments", true, true, func(p *pkg) *string { return &p.LicenseComments }),
		keptChoice("copyrightText", true, true, func(p *pkg) *string { return &p.Copyright }, isNone),
		{name: "summary", pkg: true, file: true, get: getSummary, set: setSummary},
		keptText("comment", true, true, func(p *pkg) *string { return &p.Comment }),
		keptJSON("externalRef", true, true, func(p *pkg) *[]externalRef { return &p.ExternalRefs }, keepRef),
		keptList("attributionText", true, true, func(p *pkg) *[]string { return &p.Attribution }),
		keptText("releaseDate", true, true, func(p *pkg) *string { return &p.ReleaseDate }),
		keptText("builtDate", true, true, func(p *pkg) *string { return &p.BuiltDate }),
		keptText("validUntilDate", true, true, func(p *pkg) *string { return &p.ValidUntilDate }),
		keptJSON("annotation", true, true, func(p *pkg) *[]annotation { return &p.Annotations },
			func(_ *pkg, a *annotation) bool { _, own := parseStatement(a.Comment); return !own }),
		keptList("fileType", false, true, func(p *pkg) *[]string { return &only(p).Types }),
		keptList("licenseInfoInFile", false, true, func(p *pkg) *[]string { return &only(p).InFile }),
		keptText("noticeText", false, true, func(p *pkg) *string { return &only(p).Notice }),
		keptList("fileContributor", false, true, func(p *pkg) *[]string { return &only(p).Contributors }),
		keptList("fileDependency", false, true, func(p *pkg) *[]string { return &only(p).Dependencies }),
	}
	for i := range fields {
		switch fields[i].name {
		case "releaseDate", "builtDate", "validUntilDate":
			fields[i].new = true
		}
	}
	return fields
}

// person reports a supplier that a component's field alone would make an
// organization.
func person(s string) bool { return strings.HasPrefix(s, "Person: ") }

func getAnalyzed(p *pkg) []string {
	if p.FilesAnalyzed != nil && *p.FilesAnalyzed {
		return []string{"true"}
	}
	return nil
}

func setAnalyzed(p *pkg, s string) bool {
	if s != "true" || p.FilesAnalyzed != nil && *p.FilesAnalyzed {
		return false
	}
	yes := true
	p.FilesAnalyzed = &yes
	return true
}

// getUnfound returns what licenseInfoFromFiles has that is no licence: NONE and
// NOASSERTION.
func getUnfound(p *pkg) []string {
	var out []string
	for _, s := range p.FromFiles {
		if !found(s) {
			out = append(out, s)
		}
	}
	return out
}

func setUnfound(p *pkg, s string) bool {
	if found(s) {
		return false
	}
	p.FromFiles = append(p.FromFiles, s)
	return true
}

// found reports whether an element of licenseInfoFromFiles is a licence.
func found(s string) bool { return s != none && !unstated(s) }

func getVerification(p *pkg) []string {
	if p.Verification == nil {
		return nil
	}
	return []string{compact(p.Verification)}
}

func setVerification(p *pkg, s string) bool {
	v, ok := exact[verification](s)
	if ok && p.Verification == nil {
		p.Verification = &v
		return true
	}
	return false
}

// The summary is the description where there is no description.
func getSummary(p *pkg) []string {
	if p.Description == "" || p.Summary == "" {
		return nil
	}
	return []string{p.Summary}
}

func setSummary(p *pkg, s string) bool {
	if p.Description == "" || p.Summary != "" || s == "" {
		return false
	}
	p.Summary = s
	return true
}

// keepRef reports a reference that is neither the package URL nor a CPE without a
// comment.
func keepRef(p *pkg, r *externalRef) bool {
	switch {
	case r.Comment != "":
		return true
	case r.Type == "purl":
		for i := range p.ExternalRefs {
			if q := &p.ExternalRefs[i]; q.Type == "purl" {
				return q != r && *q != *r
			}
		}
		return true
	}
	return !isCPE(r.Type)
}

func isCPE(typ string) bool { return typ == "cpe23Type" || typ == "cpe22Type" }

// keptProperties returns what p says in the fields that a component does not have.
func keptProperties(fields []kept, p *pkg) []sbom.Property {
	var props []sbom.Property
	for i := range fields {
		k := &fields[i]
		if p.file != nil && !k.file || p.file == nil && !k.pkg {
			continue
		}
		for _, v := range k.get(p) {
			props = append(props, sbom.Property{Name: propertyPrefix + k.name, Value: v})
		}
	}
	return props
}

// restore writes properties into the fields that they were read from, for the
// readers of other tools.
func restore(fields []kept, p *pkg, props []sbom.Property, v version) {
	for _, prop := range props {
		name, ok := strings.CutPrefix(prop.Name, propertyPrefix)
		if !ok || !carried(prop.Value) || !v.allows(name, prop.Value) {
			continue
		}
		for i := range fields {
			k := &fields[i]
			if k.name == name && (p.file != nil && k.file || p.file == nil && k.pkg) && !(k.new && v == version22) {
				k.set(p, prop.Value)
				break
			}
		}
	}
}

// carried reports whether all formats carry s as it is, as a text of one or several
// lines.
func carried(s string) bool { return document.Plain(strings.ReplaceAll(s, "\n", " ")) }

// prose returns s as all formats carry it.
func prose(s string) string {
	if carried(s) {
		return s
	}
	return document.Clean(s)
}
