package buildkit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/buildkit"
	"github.com/imagetrust/imagetrust/sbom/spdx"
)

// The builds of these tests are made here, step by step, as BuildKit writes them.

type object = map[string]any

// recipe is a build: its Dockerfile, steps, and what became of them.
type recipe struct {
	dockerfile string
	steps      []object
	lines      map[string]int      // of steps in the Dockerfile
	layers     map[string][]string // of outputs, by any names
	materials  []object
}

// step adds a step at a line of the Dockerfile (0 for none), and returns the name of
// its output. Its layers are those named.
func (r *recipe) step(line int, op object, inputs []string, layers ...string) string {
	id := fmt.Sprintf("step%d", len(r.steps))
	r.steps = append(r.steps, object{"id": id, "inputs": inputs, "op": object{"Op": op, "constraints": object{}}})
	if r.lines == nil {
		r.lines, r.layers = make(map[string]int), make(map[string][]string)
	}
	if line > 0 {
		r.lines[id] = line
	}
	if len(layers) > 0 {
		r.layers[id+":0"] = layers
	}
	return id + ":0"
}

func (r *recipe) source(line int, identifier string, layers ...string) string {
	return r.step(line, object{"source": object{"identifier": identifier}}, nil, layers...)
}

func (r *recipe) run(line int, on, command string, layers ...string) string {
	op := object{"exec": object{"meta": object{"args": []string{"sh", "-c", command}}, "mounts": []object{{"dest": "/"}}}}
	if on != "" {
		return r.step(line, op, []string{on}, layers...)
	}
	op["exec"].(object)["mounts"] = []object{{"dest": "/", "input": -1}}
	return r.step(line, op, nil, layers...)
}

// copy adds a COPY of "src dest" pairs, onto nothing if on is empty.
func (r *recipe) copy(line int, on, from string, pairs string, layers ...string) string {
	return r.copyWith(line, on, from, pairs, nil, layers...)
}

func (r *recipe) copyWith(line int, on, from, pairs string, more object, layers ...string) string {
	inputs, first := []string{from}, -1
	if on != "" {
		inputs, first = []string{on, from}, 0
	}
	words, actions := strings.Fields(pairs), []object{}
	for i := 0; i+1 < len(words); i += 2 {
		c := object{"src": words[i], "dest": words[i+1], "dirCopyContents": true, "allowWildcard": true}
		maps.Copy(c, more)
		input := first
		if i > 0 {
			input = len(inputs) + i/2 - 1
		}
		actions = append(actions, object{"Action": object{"copy": c}, "input": input, "secondaryInput": len(inputs) - 1, "output": -1})
	}
	actions[len(actions)-1]["output"] = 0
	return r.step(line, object{"file": object{"actions": actions}}, inputs, layers...)
}

// text adds the step of a here-document.
func (r *recipe) text(line int, name, text string) string {
	return r.step(line, object{"file": object{"actions": []object{{
		"Action": object{"mkfile": object{"path": name, "data": []byte(text)}}, "input": -1, "secondaryInput": -1, "output": 0}}}}, nil)
}

func (r *recipe) merge(lower, upper string, layers ...string) string {
	return r.step(0, object{"merge": object{"inputs": []object{{}, {"input": 1}}}}, []string{lower, upper}, layers...)
}

// end adds the step that names the result.
func (r *recipe) end(result string) *recipe {
	r.step(0, object{}, []string{result})
	return r
}

// layerDigest is the digest of the layer of a name.
func layerDigest(name string) sbom.Digest { return digestOf("layer " + name) }

func digestOf(text string) sbom.Digest {
	return sbom.Digest(fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text))))
}

// metadata is what BuildKit adds to SLSA's fields.
func (r *recipe) metadata() object {
	locations, layers := object{}, object{}
	for id, line := range r.lines {
		at := object{"line": line}
		locations[id] = object{"locations": []object{{"ranges": []object{{"start": at, "end": at}}}}}
	}
	for out, names := range r.layers {
		var chain []object
		for _, n := range names {
			chain = append(chain, object{"digest": layerDigest(n), "size": 1})
		}
		layers[out] = [][]object{chain}
	}
	return object{"layers": layers, "source": object{"locations": locations,
		"infos": []object{{"filename": "Dockerfile", "language": "Dockerfile", "data": []byte(r.dockerfile)}}}}
}

// v1 returns the statement with SLSA provenance v1, v02 that with v0.2.
func (r *recipe) v1() []byte {
	return statement("https://slsa.dev/provenance/v1", object{
		"buildDefinition": object{"resolvedDependencies": r.materials, "internalParameters": object{"buildConfig": object{"llbDefinition": r.steps}}},
		"runDetails":      object{"metadata": object{"buildkit_metadata": r.metadata()}},
	})
}

func (r *recipe) v02() []byte {
	return statement("https://slsa.dev/provenance/v0.2", object{
		"materials": r.materials, "buildConfig": object{"llbDefinition": r.steps},
		"metadata": object{"https://mobyproject.org/buildkit@v1#metadata": r.metadata()},
	})
}

func statement(predicateType string, predicate any) []byte {
	return mustJSON(object{"_type": "https://in-toto.io/Statement/v1", "predicateType": predicateType, "subject": []object{}, "predicate": predicate})
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// scan returns the statement of the SBOM generator about a target with files, by path
// and content, and with packages as "name version".
func scan(t testing.TB, target string, files map[string]string, packages ...string) []byte {
	t.Helper()
	inv := &sbom.Inventory{Subject: sbom.Subject{Name: target}}
	for _, p := range slices.Sorted(maps.Keys(files)) {
		inv.Files = append(inv.Files, fileOf(p, files[p], nil))
	}
	for _, p := range packages {
		name, version, _ := strings.Cut(p, " ")
		c := sbom.Component{Type: sbom.TypeLibrary, Name: name, Version: version, PURL: sbom.NewPURL("deb", "debian", name, version, nil),
			Attribution: sbom.Attribution{Visible: true},
			Licenses:    []sbom.License{{Expression: "MIT", Location: "usr/share/doc/" + name}},
			Evidence:    []sbom.Evidence{{Field: "name", Technique: sbom.TechniqueManifest, Confidence: 1, Location: sbom.Location{Path: "var/lib/dpkg/status"}}}}
		c.ID = sbom.ComponentID(&c)
		inv.Components = append(inv.Components, c)
	}
	if len(inv.Components) > 1 {
		inv.Relationships = []sbom.Relationship{{From: inv.Components[0].ID, To: inv.Components[1].ID, Type: sbom.DependsOn}}
	}
	var doc bytes.Buffer
	if _, err := spdx.Encode(&doc, inv, &spdx.Options{Files: true}); err != nil {
		t.Fatal(err)
	}
	return statement("https://spdx.dev/Document", json.RawMessage(doc.Bytes()))
}

func fileOf(name, content string, layer *sbom.LayerRef) sbom.File {
	return sbom.File{Path: name, Layer: layer, Size: int64(len(content)), Digests: []sbom.Digest{digestOf(content)}, Mode: 0o644}
}

// shipped returns the inventory of an image with the named layers.
func shipped(layers ...string) *sbom.Inventory {
	inv := &sbom.Inventory{Subject: sbom.Subject{Digest: digestOf("image")}}
	for i, n := range layers {
		inv.Layers = append(inv.Layers, sbom.Layer{Index: i, Digest: layerDigest(n), DiffID: digestOf("diff " + n)})
	}
	return inv
}

// unsigned returns statements that nobody signed.
func unsigned(data ...[]byte) []buildkit.Statement {
	var out []buildkit.Statement
	for _, d := range data {
		out = append(out, buildkit.Statement{Data: d})
	}
	return out
}

func parse(data ...[]byte) *buildkit.Build {
	return buildkit.Parse(digestOf("image"), unsigned(data...), nil)
}

// describe writes a trail as "kind place step proof" of each hop.
func describe(o *buildkit.Origin) string {
	var out []string
	for _, h := range o.Trail {
		s := string(h.Kind) + " " + h.Stage + ":" + h.Path
		if h.Source != "" {
			s += " " + h.Source
		}
		out = append(out, s+" "+string(h.Proof))
	}
	return strings.Join(out, " < ")
}
