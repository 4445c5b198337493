package cyclonedx

import (
	"cmp"
	"fmt"
	"io"
	"slices"

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

// encoder turns one inventory into one document. It is made of what has to be
// known before the first component is written.
type encoder struct {
	inv     *sbom.Inventory
	opts    *Options
	version cdx.SpecVersion
	losses  document.Losses
	// selected are the indexes of the components written, refs their references.
	selected []int
	refs     []string
	fileRefs []string
	metadata *cdx.Metadata
	// others are the relationships that are properties, by the component that they
	// start from; dependencies those that are not, by component in the order in
	// which they are written.
	others       []edge
	dependencies []edge
	ofRoot       []string // what the image itself depends on
	reader       *mapper
}

// edge is a relationship between components written; group is what it is sorted by.
type edge struct{ group, from, to, relationship int32 }

func newEncoder(inv *sbom.Inventory, opts *Options, version cdx.SpecVersion) *encoder {
	e := &encoder{inv: inv, opts: opts, version: version, reader: newMapper(false)}
	e.selected = document.Select(inv, opts.Hidden, opts.Files, &e.losses)
	refs := document.NewRefs(len(e.selected), subjectRef, distributionRef)
	e.metadata = &cdx.Metadata{
		Timestamp:  document.FormatTime(inv.Created),
		Lifecycles: e.lifecycles(),
		Tools:      e.tools(refs),
		Component:  e.subject(),
		Properties: &[]cdx.Property{{Name: markOwn, Value: "1"}},
	}
	for _, i := range e.selected {
		c := &inv.Components[i]
		e.refs = append(e.refs, refs.TakeComponent(c.ID, reference(c)))
	}
	if opts.Files {
		for i := range inv.Files {
			e.fileRefs = append(e.fileRefs, refs.Take("file:"+document.Clean(inv.Files[i].Path)))
		}
	}
	e.relate(refs)
	e.dependOnAll()
	e.describe()
	return e
}

// describe reads the metadata back and adds as properties what came back
// different.
func (e *encoder) describe() {
	m := newMapper(false)
	m.metadata(e.metadata)
	if d := e.inv.Distribution; d != nil {
		c := distribution(d)
		m.distribution(&c)
	}
	addTo(&e.metadata.Properties, document.Inventory(e.inv, m.inv))
}

// write writes the document.
func (e *encoder) write(w io.Writer) error {
	out := newWriter(w, e.opts)
	out.begin(&cdx.BOM{
		XMLNS:        namespacePrefix + e.version.String(),
		JSONSchema:   "http://cyclonedx.org/schema/bom-" + e.version.String() + ".schema.json",
		BOMFormat:    cdx.BOMFormat,
		SpecVersion:  e.version,
		SerialNumber: "urn:uuid:" + document.InventoryUUID(e.inv, fmt.Sprintf("CycloneDX %s %+v", e.version, *e.opts)),
		Version:      1,
		Metadata:     e.metadata,
	})
	e.writeComponents(out)
	e.writeDependencies(out)
	return out.end()
}

// writeComponents writes the components of the inventory, the distribution, and
// the files.
func (e *encoder) writeComponents(out writer) {
	out.list("components", "component")
	others := e.others
	for pos, i := range e.selected {
		n := 0
		for n < len(others) && others[n].group == int32(pos) {
			n++
		}
		out.element(e.described(pos, &e.inv.Components[i], others[:n]))
		others = others[n:]
	}
	if d := e.inv.Distribution; d != nil {
		c := distribution(d)
		out.element(&c)
	}
	for i, ref := range e.fileRefs {
		out.element(e.file(&e.inv.Files[i], ref))
	}
	out.endList()
}

// described returns a component with its relationships, reads it back, and adds as
// properties what came back different.
func (e *encoder) described(pos int, c *sbom.Component, others []edge) *cdx.Component {
	out := e.component(c, e.refs[pos])
	for _, r := range others {
		typ := e.inv.Relationships[r.relationship].Type
		addProperties(out, []sbom.Property{{Name: document.RelationPrefix + document.Quote(string(typ)), Value: e.refs[r.to]}})
	}
	got := e.reader.read(out)
	addProperties(out, document.Component(c, &got))
	return out
}

// writeDependencies writes depends-on relationships.
func (e *encoder) writeDependencies(out writer) {
	if len(e.dependencies) == 0 && e.ofRoot == nil {
		return
	}
	out.list("dependencies", "dependency")
	if e.ofRoot != nil {
		out.element(&cdx.Dependency{Ref: subjectRef, Dependencies: &e.ofRoot})
	}
	for edges := e.dependencies; len(edges) > 0; {
		d := cdx.Dependency{Ref: e.refs[edges[0].from], Dependencies: new([]string)}
		seen := make(map[int32]bool)
		group := edges[0].group
		for len(edges) > 0 && edges[0].group == group {
			if to := edges[0].to; !seen[to] {
				seen[to] = true
				*d.Dependencies = append(*d.Dependencies, e.refs[to])
			}
			edges = edges[1:]
		}
		out.element(&d)
	}
	out.endList()
}

// relate sorts the relationships into those that CycloneDX has a field for and
// those that it has not. Containment is not written as nested components: two
// components may contain the same one, and most readers count only the outermost.
func (e *encoder) relate(refs *document.Refs) {
	if len(e.inv.Relationships) == 0 {
		return
	}
	at := make(map[string]int32, len(e.refs))
	for i, ref := range e.refs {
		at[ref] = int32(i)
	}
	group := make(map[int32]int32)
	for i := range e.inv.Relationships {
		rel := &e.inv.Relationships[i]
		from, to, ok := refs.Ends(rel, &e.losses)
		if !ok {
			continue
		}
		r := edge{from: at[from], to: at[to], relationship: int32(i)}
		if rel.Type != sbom.DependsOn {
			r.group = r.from
			e.others = append(e.others, r)
			continue
		}
		n, ok := group[r.from]
		if !ok {
			n = int32(len(group))
			group[r.from] = n
		}
		r.group = n
		e.dependencies = append(e.dependencies, r)
	}
	e.others = unique(e.others, e.inv.Relationships)
	slices.SortStableFunc(e.dependencies, func(a, b edge) int { return cmp.Compare(a.group, b.group) })
}

// unique sorts edges by group, and drops those that say the same as another.
func unique(edges []edge, rels []sbom.Relationship) []edge {
	type statement struct {
		from, to int32
		typ      sbom.RelationshipType
	}
	seen := make(map[statement]bool)
	edges = slices.DeleteFunc(edges, func(r edge) bool {
		s := statement{r.from, r.to, rels[r.relationship].Type}
		twice := seen[s]
		seen[s] = true
		return twice
	})
	slices.SortStableFunc(edges, func(a, b edge) int { return cmp.Compare(a.group, b.group) })
	return edges
}

// dependOnAll finds the components on which a document said the image depends.
// Without an image they keep the property.
func (e *encoder) dependOnAll() {
	if e.metadata.Component == nil {
		return
	}
	for pos, i := range e.selected {
		if slices.ContainsFunc(e.inv.Components[i].Properties, isDependencyOf) {
			e.ofRoot = append(e.ofRoot, e.refs[pos])
		}
	}
}

func isDependencyOf(p sbom.Property) bool { return p.Name == dependencyOf && p.Value == subjectRef }

// lifecycles says that the document is about what was built, which shows where layers
// are known.
func (e *encoder) lifecycles() *[]cdx.Lifecycle {
	built := slices.ContainsFunc(e.inv.Layers, func(l sbom.Layer) bool { return l.DiffID != "" })
	if !built || e.version < cdx.SpecVersion1_5 {
		return nil
	}
	return &[]cdx.Lifecycle{{Phase: cdx.LifecyclePhasePostBuild}}
}

// tools are components from version 1.5 on, where the older list is deprecated.
func (e *encoder) tools(refs *document.Refs) *cdx.ToolsChoice {
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
			BOMRef:   refs.Take("tool:" + document.Clean(t.Name)),
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

func (e *encoder) file(f *sbom.File, ref string) *cdx.Component {
	out := &cdx.Component{
		BOMRef:     ref,
		Type:       cdx.ComponentTypeFile,
		Name:       document.Clean(f.Path),
		Hashes:     hashes(f.Digests),
		Properties: &[]cdx.Property{{Name: document.Role, Value: document.RoleFile}},
	}
	got := sbom.File{Path: out.Name, Digests: digests(out.Hashes)}
	addProperties(out, document.File(f, &got))
	return out
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
