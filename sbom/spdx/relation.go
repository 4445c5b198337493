package spdx

import (
	"strings"
	"sync"

	"github.com/imagetrust/imagetrust/sbom"
)

// relation is a type of relationships: its word in SPDX 2.3, its word in SPDX 3 and
// whether that one is read the other way round, and the lifecycle scope that SPDX 3
// adds to it.
type relation struct {
	old      string
	new      string
	inverted bool
	scope    string
}

// relations are all types of SPDX 2.3 (annex of relationships, clause 11.1) which
// have a counterpart in SPDX 3. Where several share one in SPDX 3, the first is
// what SPDX 3 is read as.
var relations = []relation{
	{relDescribes, "describes", false, ""},
	{relDescribedBy, "describes", true, ""},
	{relContains, "contains", false, ""},
	{relContainedBy, "contains", true, ""},
	{relDependsOn, "dependsOn", false, ""},
	{"DEPENDENCY_OF", "dependsOn", true, ""},
	{relRuntimeOf, "dependsOn", true, "runtime"},
	{"BUILD_DEPENDENCY_OF", "dependsOn", true, "build"},
	{"DEV_DEPENDENCY_OF", "dependsOn", true, "development"},
	{"TEST_DEPENDENCY_OF", "dependsOn", true, "test"},
	{"BUILD_TOOL_OF", "usesTool", true, "build"},
	{"DEV_TOOL_OF", "usesTool", true, "development"},
	{"TEST_TOOL_OF", "usesTool", true, "test"},
	{"OPTIONAL_DEPENDENCY_OF", "hasOptionalDependency", true, ""},
	{"PROVIDED_DEPENDENCY_OF", "hasProvidedDependency", true, ""},
	{"OPTIONAL_COMPONENT_OF", "hasOptionalComponent", true, ""},
	{"DEPENDENCY_MANIFEST_OF", "hasDependencyManifest", true, ""},
	{"HAS_PREREQUISITE", "hasPrerequisite", false, ""},
	{"PREREQUISITE_FOR", "hasPrerequisite", true, ""},
	{"ANCESTOR_OF", "ancestorOf", false, ""},
	{"DESCENDANT_OF", "descendantOf", false, ""},
	{"VARIANT_OF", "hasVariant", true, ""},
	{"COPY_OF", "copiedTo", true, ""},
	{"GENERATES", "generates", false, ""},
	{"GENERATED_FROM", "generates", true, ""},
	{"EXPANDED_FROM_ARCHIVE", "expandsTo", true, ""},
	{"PACKAGE_OF", "packagedBy", true, ""},
	{"DISTRIBUTION_ARTIFACT", "hasDistributionArtifact", false, ""},
	{"FILE_ADDED", "hasAddedFile", true, ""},
	{"FILE_DELETED", "hasDeletedFile", true, ""},
	{"FILE_MODIFIED", "modifiedBy", false, ""},
	{"PATCH_FOR", "patchedBy", true, ""},
	{"PATCH_APPLIED", "patchedBy", true, ""},
	{"AMENDS", "amendedBy", true, ""},
	{"STATIC_LINK", "hasStaticLink", false, ""},
	{"DYNAMIC_LINK", "hasDynamicLink", false, ""},
	{"DATA_FILE_OF", "hasDataFile", true, ""},
	{"DOCUMENTATION_OF", "hasDocumentation", true, ""},
	{"EXAMPLE_OF", "hasExample", true, ""},
	{"METAFILE_OF", "hasMetadata", true, ""},
	{"TEST_OF", "hasTest", true, ""},
	{"TEST_CASE_OF", "hasTestCase", true, ""},
	{"REQUIREMENT_DESCRIPTION_FOR", "hasRequirement", true, ""},
	{"SPECIFICATION_FOR", "hasSpecification", true, ""},
	{relOther, "other", false, ""},
}

// since23 are the types that SPDX 2.2 does not have.
var since23 = map[string]bool{"REQUIREMENT_DESCRIPTION_FOR": true, "SPECIFICATION_FOR": true, "AMENDS": true}

// onlyNew are the types of SPDX 3 between packages and files that SPDX 2.3 does not
// have.
var onlyNew = map[string]bool{
	"configures": true, "hasEvidence": true, "hasHost": true, "hasInput": true, "hasOutput": true, "invokedBy": true,
	"serializedInArtifact": true, "testedOn": true, "trainedOn": true, "delegatedTo": true,
}

type relationIndex struct {
	byOld map[string]*relation
	byNew map[[2]string]*relation // type and scope
}

var relationTable = sync.OnceValue(func() relationIndex {
	t := relationIndex{byOld: make(map[string]*relation), byNew: make(map[[2]string]*relation)}
	for i := range relations {
		r := &relations[i]
		t.byOld[r.old] = r
		if key := [2]string{r.new, r.scope}; t.byNew[key] == nil {
			t.byNew[key] = r
		}
	}
	return t
})

// oldRelation returns the word of SPDX 2.3 for one of SPDX 3 with a scope, if any,
// and whether both ends change places. A type without such a word keeps its own. It
// reports whether the scope is lost.
func oldRelation(typ, scope string) (old string, inverted, lost bool) {
	t := relationTable().byNew
	r := t[[2]string{typ, scope}]
	if r == nil && scope != "" {
		lost = true
		r = t[[2]string{typ, ""}]
	}
	if r == nil {
		return typ, false, lost
	}
	return r.old, r.inverted, lost
}

// oneWay reports whether SPDX 3 reads back another type than the one that is
// written.
func (r *relation) oneWay() bool {
	old, _, _ := oldRelation(r.new, r.scope)
	return old != r.old
}

// relationType reads a type of SPDX 2.3. The three types of the inventory have
// words of their own, and all others keep theirs behind "spdx:".
func relationType(typ string) (t sbom.RelationshipType, inverted bool) {
	switch typ {
	case relDependsOn:
		return sbom.DependsOn, false
	case "DEPENDENCY_OF", relRuntimeOf:
		return sbom.DependsOn, true
	case relContains:
		return sbom.Contains, false
	case relContainedBy:
		return sbom.Contains, true
	}
	return sbom.RelationshipType(propertyPrefix + typ), false
}

// relationWord is the inverse of relationType. It reports false for a type that
// the version has no word for, or that would be read as another.
func relationWord(t sbom.RelationshipType, v version) (string, bool) {
	switch t {
	case sbom.DependsOn:
		return relDependsOn, true
	case sbom.Contains:
		return relContains, true
	}
	typ, ok := strings.CutPrefix(string(t), propertyPrefix)
	if ok && onlyNew[typ] {
		return typ, v == version301
	}
	r := relationTable().byOld[typ]
	if back, _ := relationType(typ); !ok || r == nil || back != t || typ == relOther || typ == relDescribes || typ == relDescribedBy {
		return "", false
	}
	return typ, !(v == version22 && since23[typ]) && !(v == version301 && r.oneWay())
}
