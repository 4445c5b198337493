package binary

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// fragment turns what was found in a file into facts, and what was not into gaps.
func fragment(f *detect.File, r *Report) *detect.Fragment {
	if r.Format == "" {
		return nil
	}
	frag := &detect.Fragment{Yields: true}
	keys := make(map[string]bool)
	for i := range r.Findings {
		found := &r.Findings[i]
		key := f.Path
		if found.Relation != Is {
			key += " " + found.Name
		}
		for _, more := range []string{"@" + found.Version, " " + found.PURL} { // Of several types.
			if keys[key] {
				key += more
			}
		}
		if keys[key] {
			continue // The same version in two relations.
		}
		keys[key] = true
		c := component(found)
		if found.Relation == Contains {
			frag.Relations = append(frag.Relations, detect.Relation{To: key, Type: sbom.Contains})
		}
		if found.Relation == Is {
			frag.Claims = append(frag.Claims, detect.Claim{Key: key, Path: f.Path, Ground: sbom.ClaimContent})
			if c.Type = sbom.TypeApplication; strings.HasSuffix(r.Linkage, "library") {
				c.Type = sbom.TypeLibrary
			}
			if f.Digest != "" {
				c.Hashes = []sbom.Digest{f.Digest}
			}
		}
		frag.Components = append(frag.Components, detect.Component{Component: c, Key: key})
	}
	frag.Gaps = gaps(r)
	if k := (File{f.Path, r}).kin(); k.Project != "" {
		frag.Kin = &detect.Kin{Project: k.Project, Version: k.Version, SONAME: k.SONAME, Needed: k.Needed}
	}
	return frag
}

func component(found *Finding) sbom.Component {
	c := sbom.Component{Type: sbom.TypeLibrary, Name: found.Name, Version: found.Version, PURL: found.PURL}
	if strings.HasPrefix(found.PURL, "pkg:npm/") || strings.HasPrefix(found.PURL, "pkg:maven/") {
		if group, name, ok := strings.Cut(found.Name, "/"); ok {
			c.Group, c.Name = group, name
		}
	}
	if found.CPE != "" {
		c.CPEs = []string{found.CPE}
	}
	if found.License != "" {
		l := statement.License(found.License, "")
		if !declares(found.Rule()) {
			l.Acknowledgement = sbom.LicenseConcluded
		}
		c.Licenses = []sbom.License{l}
	}
	if found.Relation == BuiltAgainst {
		c.Scope = sbom.ScopeDeclared
	}
	c.Evidence = evidence(found.Evidence)
	c.Properties = statement.Property(c.Properties, "binary:relation", string(found.Relation))
	c.Properties = statement.Property(c.Properties, "binary:rule", found.Rule())
	c.Properties = statement.Property(c.Properties, "binary:offset", strconv.FormatInt(found.Evidence[0].Offset, 10))
	if found.Toolchain {
		c.Properties = statement.Property(c.Properties, "binary:toolchain", "true")
	}
	return c
}

// techniques are those of the rules that do not stand on what is in the file.
var techniques = map[string]sbom.Technique{ruleDigest: sbom.TechniqueHash, ruleFileName: sbom.TechniqueFilename, ruleReleaseName: sbom.TechniqueFilename, ruleLearnedName: sbom.TechniqueFilename}

// evidence is what a finding stands on, best first. A text that several rules read is one: an
// inventory has no place for their names, and three times the same would look like three texts.
func evidence(list []Evidence) []sbom.Evidence {
	var out []sbom.Evidence
	for _, e := range list {
		technique := cmp.Or(techniques[e.Rule], sbom.TechniqueBinary)
		same := func(have sbom.Evidence) bool { return have.Technique == technique && have.Value == e.Text }
		if !slices.ContainsFunc(out, same) {
			out = append(out, sbom.Evidence{Field: "version", Technique: technique, Confidence: e.Confidence, Value: e.Text})
		}
	}
	return out
}

// declares reports whether a rule reads what a package or a program says of itself, in words of its
// own. What the table has of a product is what others found.
func declares(rule string) bool {
	_, ok := payloadConfidence[rule]
	return ok || rule == ruleVersionInfo || rule == ruleWasm
}

// gaps says what is not known of the file.
func gaps(r *Report) []sbom.Gap {
	var out []sbom.Gap
	if r.Damaged != "" {
		out = append(out, sbom.Gap{Kind: sbom.GapCorrupt, Message: r.Format + ": " + r.Damaged})
	}
	if r.Limited != "" {
		out = append(out, sbom.Gap{Kind: sbom.GapLimit, Message: r.Limited})
	}
	unnamed := r.Main() == nil // Those that read its list own the file, if it has one, and then this is no gap.
	for i := range r.Payloads {
		p := &r.Payloads[i]
		switch {
		case p.Problem != "" && p.gap == sbom.GapUnsupported && unnamed: // One gap says both.
			out = append(out, sbom.Gap{Kind: p.gap, Message: oneline.Text(p.Kind+": "+p.Problem+": no rule names this "+r.Describe(), statement.MaxText)})
			unnamed = false
		case p.Problem != "":
			out = append(out, sbom.Gap{Kind: p.gap, Message: p.Kind + ": " + p.Problem})
		}
		for _, what := range []struct {
			text  string
			names []string
		}{{"no version of %d packages", p.Unversioned}, {"nothing is known of %d programs", p.Unnamed}} {
			if n := len(what.names); n > 0 {
				text := fmt.Sprintf("%s: "+what.text+": %s", p.Kind, n, strings.Join(what.names, " "))
				out = append(out, sbom.Gap{Kind: sbom.GapIncomplete, Message: oneline.Text(text, statement.MaxText)})
			}
		}
	}
	if unnamed {
		out = append(out, sbom.Gap{Kind: sbom.GapIncomplete, Message: "no rule names this " + r.Describe()})
	}
	return out
}

// Describe says in one line what is known of the file beside its findings.
func (r *Report) Describe() string {
	parts := []string{strings.TrimSpace(strings.Join([]string{r.Format, r.Architecture, r.Linkage}, " "))}
	add := func(what, value string) {
		if value != "" {
			parts = append(parts, what+value)
		}
	}
	add("for ", r.Platform)
	add("SONAME ", r.SONAME)
	add("signs of ", strings.Join(r.Traits, " and "))
	add("made by ", strings.Join(r.Compilers, " and "))
	add("build-id ", r.BuildID)
	parts = append(parts, fmt.Sprintf("%d texts like versions", r.Versions))
	return oneline.Text(strings.Join(parts, ", "), statement.MaxText)
}
