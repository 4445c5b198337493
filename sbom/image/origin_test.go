package image_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/image"
)

// history makes entries of lines "COMMENT|CREATED BY", those in brackets without a layer.
func history(lines ...string) (all []v1.History) {
	for _, line := range lines {
		text := strings.Trim(line, "[]")
		comment, by, _ := strings.Cut(text, "|")
		all = append(all, v1.History{CreatedBy: by, Comment: comment, EmptyLayer: text != line})
	}
	return all
}

// origins describes layers: role, image, digest, technique, confidence.
func origins(inv *sbom.Inventory) string {
	var out []string
	for _, l := range inv.Layers {
		s := string(l.Origin.Role)
		if s == "" {
			s = "-"
		}
		for _, more := range []string{l.Origin.Image, string(l.Origin.Digest), string(l.Origin.Evidence.Technique)} {
			if more != "" {
				s += " " + more
			}
		}
		if c := l.Origin.Evidence.Confidence; c != 0 {
			s += fmt.Sprintf(" %.1f", c)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestMarkLayers(t *testing.T) {
	layers := []layerSpec{plainLayer(file("a", "1")), plainLayer(file("b", "2")), plainLayer(file("c", "3"))}
	var diffIDs []sbom.Digest
	for _, l := range layers {
		diffIDs = append(diffIDs, sbom.Digest(digest(l.tar)))
	}
	hex := strings.Repeat("ab", 32)
	names := map[string]string{"org.opencontainers.image.base.name": "debian:12", "org.opencontainers.image.base.digest": "sha256:" + hex}
	debian := image.Base{Name: "debian", Digest: sbom.Digest("sha256:" + hex), DiffIDs: diffIDs[:1]}
	buildkit := []string{"debuerreotype|ADD rootfs", "[debuerreotype|CMD bash]", "buildkit.dockerfile.v0|COPY b", "buildkit.dockerfile.v0|COPY c"}
	for _, tt := range []struct {
		name        string
		history     []string
		annotations map[string]string
		labels      map[string]string
		known       []image.Base
		want        string
		gaps        int
	}{
		{name: "nothing known", want: "-, -, -"},
		{name: "only a name", annotations: names, want: "-, -, -"},
		{name: "known chain", known: []image.Base{{Name: "other", DiffIDs: diffIDs[1:2]}, debian},
			want: "base debian sha256:" + hex + " hash-comparison 1.0, build hash-comparison 1.0, build hash-comparison 1.0"},
		{name: "the longest known chain", known: []image.Base{debian, {Name: "app", DiffIDs: diffIDs[:2]}, {Name: "longer", DiffIDs: append(diffIDs[:3:3], "sha256:"+sbom.Digest(hex))}},
			want: "base app hash-comparison 1.0, base app hash-comparison 1.0, build hash-comparison 1.0"},
		{name: "known by chain IDs", known: []image.Base{{Name: "debian", ChainID: diffIDs[0]}, {Name: "app", ChainID: image.ChainID(diffIDs[:2])}, {Name: "other", ChainID: image.ChainID(diffIDs[1:])}},
			want: "base app hash-comparison 1.0, base app hash-comparison 1.0, build hash-comparison 1.0"},
		{name: "diffIDs before a chain ID", known: []image.Base{{Name: "other", DiffIDs: diffIDs[1:2], ChainID: diffIDs[0]}}, want: "-, -, -"},
		{name: "a lie about a known chain", annotations: names, known: []image.Base{{Name: "debian", Digest: debian.Digest, ChainID: diffIDs[1]}}, want: "-, -, -", gaps: 1},
		{name: "a known image of which only the digest is", annotations: names, known: []image.Base{{Digest: debian.Digest}}, want: "-, -, -"},
		{name: "two names for a chain", known: []image.Base{{Name: "z", DiffIDs: diffIDs[:1]}, {Name: "a", DiffIDs: diffIDs[:1]}},
			want: "base a hash-comparison 1.0, build hash-comparison 1.0, build hash-comparison 1.0"},
		{name: "a known image without layers", known: []image.Base{{Name: "scratch"}}, want: "-, -, -"},
		{name: "another builder before BuildKit", history: buildkit,
			want: "base manifest-analysis 0.6, build manifest-analysis 0.6, build manifest-analysis 0.6"},
		{name: "and a name", history: buildkit, annotations: names,
			want: "base debian:12 sha256:" + hex + " manifest-analysis 0.6, build manifest-analysis 0.6, build manifest-analysis 0.6"},
		{name: "and a label", history: buildkit, labels: map[string]string{"org.opencontainers.image.base.name": "debian:13", "org.opencontainers.image.base.digest": "nonsense"},
			want: "base debian:13 manifest-analysis 0.6, build manifest-analysis 0.6, build manifest-analysis 0.6"},
		{name: "a known chain beats the history", history: buildkit, known: []image.Base{{Name: "app", DiffIDs: diffIDs[:2]}},
			want: "base app hash-comparison 1.0, base app hash-comparison 1.0, build hash-comparison 1.0"},
		{name: "a command before layers", history: []string{"|/bin/sh -c #(nop) ADD file", `[|/bin/sh -c #(nop)  CMD ["bash"]]`, "|COPY b", "|COPY c", "[|CMD app]"},
			want: "base manifest-analysis 0.4, build manifest-analysis 0.4, build manifest-analysis 0.4"},
		{name: "all by BuildKit", history: []string{"buildkit.dockerfile.v0|ADD a", `[buildkit.dockerfile.v0|CMD ["bash"]]`, "buildkit.dockerfile.v0|COPY b", "buildkit.dockerfile.v0|COPY c"},
			want: "base manifest-analysis 0.4, build manifest-analysis 0.4, build manifest-analysis 0.4"},
		{name: "a command behind all layers", history: []string{"|ADD a", "|ADD b", "|ADD c", "[|CMD x]"}, want: "-, -, -"},
		{name: "a history that is too short", history: buildkit[:3], want: "-, -, -"},
		{name: "a lie about a known image", history: buildkit, annotations: names, known: []image.Base{{Name: "debian", Digest: debian.Digest, DiffIDs: diffIDs[1:2]}},
			want: "base manifest-analysis 0.6, build manifest-analysis 0.6, build manifest-analysis 0.6", gaps: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img := mustOpen(t, ociLayout(imageSpec{layers: layers,
				config:   func(cf *v1.ConfigFile) { cf.History, cf.Config.Labels = history(tt.history...), tt.labels },
				manifest: func(m *v1.Manifest) { m.Annotations = tt.annotations },
			}).dir(t), nil)
			inv := &sbom.Inventory{Subject: img.Subject()}
			for _, l := range img.Layers() {
				inv.Layers = append(inv.Layers, l.Info())
			}
			if err := img.MarkLayers(inv, tt.known); err != nil {
				t.Fatal(err)
			}
			if got := origins(inv); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if len(inv.Gaps) != tt.gaps || tt.gaps > 0 && inv.Gaps[0].Kind != sbom.GapContradiction {
				t.Errorf("gaps %+v", inv.Gaps)
			}
			for _, l := range inv.Layers {
				if (l.Origin.Role == "") != (l.Origin.Evidence.Value == "") {
					t.Errorf("layer %d: a claim without evidence: %+v", l.Index, l.Origin)
				}
			}
			inv.Layers = inv.Layers[1:]
			if err := img.MarkLayers(inv, tt.known); !errors.Is(err, image.ErrMismatch) {
				t.Errorf("an inventory of other layers: %v", err)
			}
		})
	}
}

// The example of the OCI image specification: a chain of one is its layer, and of more
// the digest of what is below and the layer.
// TestForgedHistory: whoever makes an image writes its history and its annotations.
func TestForgedHistory(t *testing.T) {
	layers := []layerSpec{plainLayer(file("a", "1")), plainLayer(file("b", "2"))}
	long := strings.Repeat("x", 1<<20)
	many := []string{"|ADD a", "|ADD b"}
	for range 60_000 {
		many = append(many, "[|CMD x]")
	}
	guessed := []string{"|ADD a", "[|CMD x]", "|ADD b"}
	for name, tt := range map[string]struct {
		history []string
		base    string
		want    string
	}{
		"commands behind all layers":   {many, "debian", "-, -"},
		"commands alone":               {many[2:], "debian", "-, -"},
		"more layers than there are":   {append([]string{"|ADD c"}, guessed...), "debian", "-, -"},
		"fewer layers than there are":  {guessed[:2], "debian", "-, -"},
		"a name":                       {guessed, "docker.io/library/debian:12", "base docker.io/library/debian:12 manifest-analysis 0.4, build manifest-analysis 0.4"},
		"a name of a megabyte":         {guessed, long, "base manifest-analysis 0.4, build manifest-analysis 0.4"},
		"a name that writes to people": {guessed, "debian\n\x1b[2J", "base manifest-analysis 0.4, build manifest-analysis 0.4"},
		"a name that reads backwards":  {guessed, "debian\u202e", "base manifest-analysis 0.4, build manifest-analysis 0.4"},
	} {
		t.Run(name, func(t *testing.T) {
			img := mustOpen(t, ociLayout(imageSpec{layers: layers,
				config:   func(cf *v1.ConfigFile) { cf.History = history(tt.history...) },
				manifest: func(m *v1.Manifest) { m.Annotations = map[string]string{"org.opencontainers.image.base.name": tt.base} },
			}).dir(t), nil)
			inv := new(sbom.Inventory)
			for _, l := range img.Layers() {
				inv.Layers = append(inv.Layers, l.Info())
			}
			start := time.Now()
			if err := img.MarkLayers(inv, nil); err != nil {
				t.Fatal(err)
			}
			if got := origins(inv); got != tt.want {
				t.Errorf("got  %.200s\nwant %s", got, tt.want)
			}
			if d := time.Since(start); d > 2*time.Second {
				t.Errorf("it took %s", d)
			}
		})
	}
	if err := (*image.Image)(nil).MarkLayers(new(sbom.Inventory), nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("no image: %v", err)
	}
	if err := new(image.Image).MarkLayers(nil, nil); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("no inventory: %v", err)
	}
}

func TestChainID(t *testing.T) {
	a, b := sbom.Digest(digest([]byte("a"))), sbom.Digest(digest([]byte("b")))
	for _, tt := range []struct {
		diffIDs []sbom.Digest
		want    sbom.Digest
	}{
		{nil, ""},
		{[]sbom.Digest{a}, a},
		{[]sbom.Digest{a, b}, sbom.Digest(digest([]byte(a + " " + b)))},
		{[]sbom.Digest{a, b, a}, sbom.Digest(digest([]byte(digest([]byte(a+" "+b)) + " " + string(a))))},
	} {
		if got := image.ChainID(tt.diffIDs); got != tt.want {
			t.Errorf("%d layers: %s, want %s", len(tt.diffIDs), got, tt.want)
		}
	}
}

func ExampleImage_MarkLayers() {
	path := exampleImage()
	defer os.RemoveAll(filepath.Dir(path))
	img, err := image.Open(path, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer img.Close()
	inv := &sbom.Inventory{Subject: img.Subject()}
	for _, l := range img.Layers() {
		inv.Layers = append(inv.Layers, l.Info())
	}
	known := []image.Base{{Name: "docker.io/library/base:1", DiffIDs: []sbom.Digest{inv.Layers[0].DiffID}}}
	if err := img.MarkLayers(inv, known); err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range inv.Layers {
		fmt.Println(l.Index, l.Origin.Role, l.Origin.Image)
	}
	// Output:
	// 0 base docker.io/library/base:1
	// 1 build
}
