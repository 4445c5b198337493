package cyclonedx

import (
	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/imagetrust/imagetrust/internal/document"
	"github.com/imagetrust/imagetrust/sbom"
)

// References of elements that are no components of the inventory.
const (
	subjectRef      = "subject"
	distributionRef = "distribution"
)

// markOwn is a property of the metadata of our own documents: the version of
// the overlay's taxonomy.
const markOwn = document.Prefix + "schema"

// encoder turns one inventory into one document.
type encoder struct {
	inv     *sbom.Inventory
	opts    *Options
	version cdx.SpecVersion
	losses  document.Losses
	refs    *document.Refs
	bom     *cdx.BOM
	// selected are the indexes of the components written, in the order of
	// bom.Components.
	selected []int
}

// document builds the document from the fields that CycloneDX has, maps it back,
// and adds as properties what came back different.
func (e *encoder) document() *cdx.BOM {
	e.selected = document.Select(e.inv, e.opts.Hidden, e.opts.Files, &e.losses)
	e.refs = document.NewRefs(len(e.selected), subjectRef, distributionRef)
	e.bom = &cdx.BOM{
		XMLNS:       namespacePrefix + e.version.String(),
		JSONSchema:  "http://cyclonedx.org/schema/bom-" + e.version.String() + ".schema.json",
		BOMFormat:   cdx.BOMFormat,
		SpecVersion: e.version,
		Version:     1,
		Metadata:    e.metadata(),
	}
	components := e.components()
	e.bom.Components = &components
	e.dependencies(components)
	got := mapBOM(e.bom, false)
	for i, at := range e.selected {
		addProperties(&components[i], document.Component(&e.inv.Components[at], &got.Components[i]))
	}
	if e.opts.Files {
		files := components[len(components)-len(e.inv.Files):]
		for i := range e.inv.Files {
			addProperties(&files[i], document.File(&e.inv.Files[i], &got.Files[i]))
		}
	}
	addTo(&e.bom.Metadata.Properties, document.Inventory(e.inv, got))
	return e.bom
}

func (e *encoder) metadata() *cdx.Metadata {
	return &cdx.Metadata{
		Timestamp:  document.FormatTime(e.inv.Created),
		Tools:      e.tools(),
		Component:  e.subject(),
		Properties: &[]cdx.Property{{Name: markOwn, Value: "1"}},
	}
}

// tools are components from version 1.5 on, where the older list is deprecated.
func (e *encoder) tools() *cdx.ToolsChoice {
	if len(e.inv.Tools) == 0 {
		return nil
	}
	if e.version < cdx.SpecVersion1_5 {
		//lint:ignore SA1019 version 1.4 has no other form
		var tools []cdx.Tool
		for _, t := range e.inv.Tools {
			//lint:ignore SA1019 version 1.4 has no other form
			tools = append(tools, cdx.Tool{Vendor: document.Clean(t.Vendor), Name: document.Clean(t.Name), Version: document.Clean(t.Version)})
		}
		return &cdx.ToolsChoice{Tools: &tools}
	}
	var tools []cdx.Component
	for _, t := range e.inv.Tools {
		c := cdx.Component{
			BOMRef:   e.refs.Take("tool:" + document.Clean(t.Name)),
			Type:     cdx.ComponentTypeApplication,
			Supplier: organization(t.Vendor),
			Name:     document.Clean(t.Name),
			Version:  document.Clean(t.Version),
		}
		tools = append(tools, c)
	}
	return &cdx.ToolsChoice{Components: &tools}
}

func organization(name string) *cdx.OrganizationalEntity {
	if name = document.Clean(name); name == "" {
		return nil
	}
	return &cdx.OrganizationalEntity{Name: name}
}

// subject is the image. A root file system, which has no digest, is a "file" as
// in other tools' documents.
func (e *encoder) subject() *cdx.Component {
	s := &e.inv.Subject
	if *s == (sbom.Subject{}) {
		return nil
	}
	c := &cdx.Component{
		BOMRef:     subjectRef,
		Type:       cdx.ComponentTypeContainer,
		Name:       document.Clean(s.Name),
		PackageURL: document.SubjectPURL(s),
	}
	if s.Digest == "" && s.Config == "" {
		c.Type = cdx.ComponentTypeFile
	}
	if document.GoodDigest(s.Digest) {
		c.Version = string(s.Digest)
		c.Hashes = hashes([]sbom.Digest{s.Digest})
	}
	if c.Name == "" {
		c.Name = c.Version
	}
	return c
}

// components are those of the inventory, the distribution, and the files.
func (e *encoder) components() []cdx.Component {
	out := make([]cdx.Component, 0, len(e.selected)+1+len(e.inv.Files))
	for _, i := range e.selected {
		out = append(out, e.component(&e.inv.Components[i]))
	}
	if d := e.inv.Distribution; d != nil {
		out = append(out, distribution(d))
	}
	if !e.opts.Files {
		return out
	}
	for i := range e.inv.Files {
		out = append(out, e.file(&e.inv.Files[i]))
	}
	return out
}

func distribution(d *sbom.Distribution) cdx.Component {
	return cdx.Component{
		BOMRef:      distributionRef,
		Type:        cdx.ComponentTypeOS,
		Name:        document.Clean(d.ID),
		Version:     document.Clean(d.VersionID),
		Description: document.Clean(d.Name),
		Properties:  &[]cdx.Property{{Name: document.Role, Value: document.RoleDistribution}},
	}
}

func (e *encoder) file(f *sbom.File) cdx.Component {
	return cdx.Component{
		BOMRef:     e.refs.Take("file:" + document.Clean(f.Path)),
		Type:       cdx.ComponentTypeFile,
		Name:       document.Clean(f.Path),
		Hashes:     hashes(f.Digests),
		Properties: &[]cdx.Property{{Name: document.Role, Value: document.RoleFile}},
	}
}

// dependencies writes relationships: depends-on as CycloneDX dependencies, all
// others as properties of the component they start from. Containment is not
// written as nested components: two components may contain the same one, and
// most readers count only the outermost.
func (e *encoder) dependencies(components []cdx.Component) {
	var order []string
	dependsOn := make(map[string][]string)
	at := make(map[string]*cdx.Component, len(e.selected))
	for i := range e.selected {
		at[components[i].BOMRef] = &components[i]
	}
	seen := make(map[sbom.Relationship]bool, len(e.inv.Relationships))
	for i := range e.inv.Relationships {
		rel := &e.inv.Relationships[i]
		from, to, ok := e.refs.Ends(rel, &e.losses)
		if !ok || seen[*rel] {
			continue
		}
		seen[*rel] = true
		if rel.Type != sbom.DependsOn {
			addProperties(at[from], []sbom.Property{{Name: document.RelationPrefix + document.Quote(string(rel.Type)), Value: to}})
			continue
		}
		if _, ok := dependsOn[from]; !ok {
			order = append(order, from)
		}
		dependsOn[from] = append(dependsOn[from], to)
	}
	if len(order) == 0 {
		return
	}
	deps := make([]cdx.Dependency, len(order))
	for i, ref := range order {
		on := dependsOn[ref]
		deps[i] = cdx.Dependency{Ref: ref, Dependencies: &on}
	}
	e.bom.Dependencies = &deps
}

func addProperties(c *cdx.Component, props []sbom.Property) { addTo(&c.Properties, props) }

func addTo(to **[]cdx.Property, props []sbom.Property) {
	if len(props) == 0 {
		return
	}
	if *to == nil {
		*to = new([]cdx.Property)
	}
	for _, p := range props {
		**to = append(**to, cdx.Property{Name: p.Name, Value: p.Value})
	}
}
