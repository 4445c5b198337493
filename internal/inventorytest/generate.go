package inventorytest

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// Generate returns the inventory of the given seed, in canonical order
// ([sbom.Inventory.Sort]). The same seed gives the same inventory, and another
// one every time: the caller may change it.
//
// What the inventory of one seed lacks others have: over a few hundred seeds
// every field of the model has a value, and lists are long, empty and nil.
func Generate(seed uint64) *sbom.Inventory {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0x1a4e)), inv: &sbom.Inventory{}, ids: make(map[string]bool)}
	g.subject()
	g.distribution()
	g.layers()
	g.components()
	g.relationships()
	g.files()
	g.gaps()
	g.tools()
	g.inv.Created = g.time()
	g.inv.Sort()
	return g.inv
}

type generator struct {
	*rand.Rand
	inv *sbom.Inventory
	ids map[string]bool
}

func (g *generator) mostly() bool { return g.IntN(4) != 0 }

func (g *generator) rarely() bool { return g.IntN(4) == 0 }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// list returns up to most elements; no elements are nil or empty.
func list[T any](g *generator, most int, element func() T) []T {
	n := g.IntN(most + 1)
	if n == 0 {
		return pick(g, nil, []T{})
	}
	out := make([]T, n)
	for i := range out {
		out[i] = element()
	}
	return out
}

// size is mostly small and now and then large.
func (g *generator) size(small, large int) int {
	if g.IntN(16) == 0 {
		return g.IntN(large + 1)
	}
	return g.IntN(small + 1)
}

func (g *generator) subject() {
	if g.rarely() {
		return
	}
	s := &g.inv.Subject
	s.Name = g.optional(g.imageName)
	if g.mostly() {
		s.Digest = g.sha256()
		s.MediaType = pick(g, "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
	}
	if g.mostly() {
		s.Config = g.sha256()
	}
	if g.rarely() {
		s.Index = g.sha256()
	}
	s.Platform = pick(g, sbom.Platform{}, sbom.Platform{OS: "linux", Architecture: "amd64"}, sbom.Platform{OS: "linux", Architecture: "arm", Variant: "v7"},
		sbom.Platform{OS: "windows", Architecture: "amd64", OSVersion: "10.0.20348.2227"})
}

func (g *generator) imageName() string {
	return pick(g, "", "registry.example:5000/", "ghcr.example/team/", "localhost/") + g.word() + pick(g, "", ":1.4", ":latest", "@"+string(g.sha256()))
}

func (g *generator) distribution() {
	if g.rarely() {
		return
	}
	g.inv.Distribution = pick(g,
		&sbom.Distribution{ID: "debian", VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"},
		&sbom.Distribution{ID: "ubuntu", IDLike: []string{"debian"}, VersionID: "24.04", Codename: "noble", Name: "Ubuntu 24.04 LTS"},
		&sbom.Distribution{ID: "rocky", IDLike: []string{"rhel", "centos", "fedora"}, VersionID: "9.3", Name: "Rocky Linux 9.3 (Blue Onyx)"},
		&sbom.Distribution{ID: "arch", Name: "Arch Linux"}, &sbom.Distribution{ID: "alpine", IDLike: []string{}, VersionID: "3.19.1"})
}

func (g *generator) layers() {
	for i := range g.size(6, 130) {
		l := sbom.Layer{Index: i, DiffID: g.sha256()}
		if g.mostly() {
			l.Digest, l.Size, l.UncompressedSize = g.sha256(), g.Int64N(1<<33), g.Int64N(1<<36)
			l.MediaType = pick(g, "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.v1.tar")
		}
		l.CreatedBy, l.Created = g.optional(g.text), g.time()
		l.Origin = g.origin()
		g.inv.Layers = append(g.inv.Layers, l)
	}
	if len(g.inv.Layers) == 0 && g.mostly() { // a root file system
		g.inv.Layers = []sbom.Layer{{Index: 0}}
	}
}

func (g *generator) origin() sbom.LayerOrigin {
	switch g.IntN(4) {
	case 0:
		return sbom.LayerOrigin{Role: sbom.LayerBuild, Evidence: g.evidence()}
	case 1:
		return sbom.LayerOrigin{Role: sbom.LayerBase, Image: g.optional(g.imageName), Digest: g.sha256(), Evidence: g.evidence()}
	}
	return sbom.LayerOrigin{}
}

// layer refers to a layer of the inventory or, rarely, to one that it does not list.
func (g *generator) layer() *sbom.LayerRef {
	switch {
	case g.IntN(12) == 0:
		return &sbom.LayerRef{Index: -1, DiffID: g.sha256()}
	case len(g.inv.Layers) == 0 || g.rarely():
		return nil
	}
	return g.inv.Layers[g.IntN(len(g.inv.Layers))].Ref()
}

func (g *generator) relationships() {
	seen := make(map[sbom.Relationship]bool)
	for range g.size(10, 200) {
		r := sbom.Relationship{From: g.id(), To: g.id(), Type: pick(g, sbom.DependsOn, sbom.DependsOn, sbom.Contains, sbom.Owns, sbom.CopiedFrom)}
		if r.From != "" && !seen[r] {
			seen[r] = true
			g.inv.Relationships = append(g.inv.Relationships, r)
		}
	}
}

// id is that of a component, empty when there is none.
func (g *generator) id() string {
	if len(g.inv.Components) == 0 {
		return ""
	}
	return g.inv.Components[g.IntN(len(g.inv.Components))].ID
}

func (g *generator) files() {
	for i := range g.size(5, 60) {
		f := sbom.File{
			Path: fmt.Sprintf("%s.%d", g.path(), i), Layer: g.layer(), Mode: g.mode(), Size: g.Int64N(1 << 40),
			Digests: list(g, 3, g.digest), Kind: pick(g, "", sbom.KindELF, sbom.KindScript, sbom.KindPE, sbom.KindMachO, sbom.KindOther),
			Capabilities: pick(g, "", "", "cap_net_raw=ep", "cap_chown,cap_fowner=eip"),
		}
		if f.Owner = g.id(); f.Owner != "" && g.mostly() {
			f.Claim = pick(g, sbom.ClaimRecorded, sbom.ClaimDirectory, sbom.ClaimContent)
			g.integrity(&f)
		} else {
			f.Owner = ""
		}
		g.inv.Files = append(g.inv.Files, f)
	}
}

func (g *generator) integrity(f *sbom.File) {
	f.Integrity = pick(g, sbom.Intact, sbom.Modified, sbom.Missing, sbom.Unrecorded, sbom.Unchecked)
	if f.Integrity != sbom.Unrecorded {
		f.Recorded = g.digest()
	}
	if f.Integrity == sbom.Missing {
		f.Layer, f.Digests, f.Size = nil, nil, 0
	}
}

func (g *generator) mode() fs.FileMode {
	return pick[fs.FileMode](g, 0, 0o644, 0o755, 0o755|fs.ModeSetuid, 0o2755|fs.ModeSetgid, fs.ModeSymlink|0o777, fs.ModeDir|fs.ModeSticky|0o777)
}

func (g *generator) gaps() {
	for i := range g.size(4, 80) {
		gap := sbom.Gap{
			Kind: pick(g, sbom.GapLimit, sbom.GapCorrupt, sbom.GapUnsupported, sbom.GapEncrypted, sbom.GapIncomplete, sbom.GapGhost, sbom.GapContradiction),
			Path: g.optional(g.path), Layer: g.layer(), Detector: g.optional(g.detector), Message: fmt.Sprintf("%s (%d)", g.text(), i),
		}
		if g.rarely() {
			gap.Component = g.id()
		}
		g.inv.Gaps = append(g.inv.Gaps, gap)
	}
}

func (g *generator) tools() {
	for i := range g.IntN(4) {
		g.inv.Tools = append(g.inv.Tools, sbom.Tool{Vendor: g.optional(g.word), Name: fmt.Sprintf("%s%d", g.word(), i), Version: g.optional(g.version)})
	}
}

// time has nanoseconds, or is zero.
func (g *generator) time() time.Time {
	if g.rarely() {
		return time.Time{}
	}
	return time.Unix(g.Int64N(1<<33), g.Int64N(2)*g.Int64N(1e9)).UTC()
}
