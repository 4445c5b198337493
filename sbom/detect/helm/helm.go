// Package helm finds Helm charts, and the container images that files for Kubernetes and
// Compose name. All of it is declared ([sbom.ScopeDeclared]): it says what a cluster would
// run, and nothing of the kind is in the image itself.
//
// # What is read
//
//   - Chart.yaml: a chart. What it depends on is stated by ranges of versions.
//   - Chart.lock, and requirements.lock of old charts: the charts that were chosen.
//   - values.yaml: images that have both a repository and a tag or digest.
//   - docker-compose.yml, compose.yaml and their variants: the images of services.
//   - Other YAML files that begin with an apiVersion and a kind: the images of the containers
//     of Kubernetes workloads. Templates are no YAML, and are left alone.
//
// # Identity
//
// A chart is pkg:helm, with the repository_url that its parent names. An image that is named
// by a digest is pkg:oci, with the repository and tag as qualifiers; one that has a tag
// alone is pkg:docker. An image without either is whatever is the latest: a gap, as one that
// is computed from variables.
package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/boundyaml"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// Limits. Manifests of large operators have 1 MB.
const (
	maxFile = 4 << 20
	maxText = 512
)

// New returns the detector. It is safe for concurrent use.
func New() detect.Detector { return detector{} }

type detector struct{}

func (detector) ID() detect.ID { return detect.ID{Name: "helm", Version: "3"} }

func (detector) Coverage() detect.Coverage {
	return detect.Coverage{
		Ecosystem: "Helm charts and container references",
		Reads: []string{"Chart.yaml", "Chart.lock", "requirements.lock", "values.yaml", "docker-compose*.y*ml", "compose*.y*ml",
			"Kubernetes manifests"},
		PURLs:        []string{"helm", "docker", "oci"},
		Scopes:       []sbom.Scope{sbom.ScopeDeclared, sbom.ScopeFixture},
		Dependencies: true,
	}
}

func (detector) Wants(e *detect.Entry) bool {
	return e.Size > 0 && (strings.HasSuffix(e.Path, ".yaml") || strings.HasSuffix(e.Path, ".yml") || strings.HasSuffix(e.Path, ".lock")) &&
		readerOf(e.Path, e.Head) != nil
}

func (detector) Detect(_ context.Context, f *detect.File) (*detect.Fragment, error) {
	read := readerOf(f.Path, f.Head)
	if read == nil {
		return nil, nil
	}
	b, err := ospkg.Bytes(f, maxFile)
	if err != nil {
		return nil, err
	}
	l := declared.New(f)
	problem := read(l, f, b)
	frag, err := l.Fragment()
	if problem != nil {
		return frag, fmt.Errorf("%s: %w", f.Path, problem)
	}
	return frag, err
}

type reader func(*declared.List, *detect.File, []byte) error

// readerOf returns what reads a file; nil when it is none of ours.
func readerOf(file string, head []byte) reader {
	base := path.Base(file)
	var read reader
	switch {
	case base == "Chart.yaml":
		read = readChart
	case base == "Chart.lock", base == "requirements.lock":
		read = readLock
	case base == "values.yaml":
		read = readValues
	case strings.HasSuffix(base, ".lock"):
		return nil
	case compose(base):
		read = readCompose
	case field(head, "apiVersion:") && field(head, "kind:"):
		read = readManifest
	}
	if read == nil || declared.Foreign(file) {
		return nil
	}
	return read
}

// compose reports whether a file is called as docker compose looks for it, or as people
// call the variants that it is given by name: docker-compose.prod.yml.
func compose(base string) bool {
	stem, ext, _ := strings.Cut(base, ".")
	return (stem == "docker-compose" || stem == "compose") && (ext == "yml" || ext == "yaml" || strings.HasSuffix(ext, ".yml") || strings.HasSuffix(ext, ".yaml"))
}

// field reports whether a line of a head begins with a name.
func field(head []byte, name string) bool {
	return bytes.HasPrefix(head, []byte(name)) || bytes.Contains(head, []byte("\n"+name))
}

// dependency is a chart that another one needs.
type dependency struct {
	Name       string `yaml:"name"`
	Version    string `yaml:"version"`
	Repository string `yaml:"repository"`
}

// chart returns the component of a chart; ok is false when it has no valid name and
// version.
func chart(name, version, repository string) (c sbom.Component, ok bool) {
	name, version = oneline.Token(name, 256), oneline.Token(version, 128)
	if !ospkg.ValidName(name) || version == "" {
		return c, false
	}
	q := map[string]string{}
	if u := origin.Address(repository); strings.Contains(u, "://") && !strings.HasPrefix(u, "file:") {
		q["repository_url"] = u
	}
	return sbom.Component{Type: sbom.TypeApplication, Name: name, Version: version, PURL: sbom.NewPURL("helm", "", name, version, q)}, true
}

// chartAlias is the name by which the files of one chart refer to it.
func chartAlias(dir string) string { return dir + " chart" }

// readChart reads Chart.yaml.
func readChart(l *declared.List, f *detect.File, b []byte) error {
	var doc struct {
		APIVersion   string       `yaml:"apiVersion"`
		Name         string       `yaml:"name"`
		Version      string       `yaml:"version"`
		AppVersion   string       `yaml:"appVersion"`
		Description  string       `yaml:"description"`
		Home         string       `yaml:"home"`
		Dependencies []dependency `yaml:"dependencies"`
		Maintainers  []struct {
			Name string `yaml:"name"`
		} `yaml:"maintainers"`
	}
	if err := boundyaml.Unmarshal(b, &doc); err != nil {
		return err
	}
	c, ok := chart(doc.Name, doc.Version, "")
	if !ok {
		l.Gaps.Add(sbom.GapIncomplete, "the chart %s states no valid name and version", ospkg.Clip(doc.Name))
		return nil
	}
	c.Description = oneline.Text(doc.Description, maxText)
	var people []string
	for _, m := range doc.Maintainers {
		people = append(people, m.Name)
	}
	c.Supplier = oneline.Text(strings.Join(people, ", "), maxText)
	c.Properties = statement.Property(c.Properties, "helm:appVersion", doc.AppVersion)
	c.References = origin.Refer(nil, origin.Website, doc.Home)
	c.Evidence = statement.Manifest(1, c.Name, c.Version)
	l.Add(c, chartAlias(path.Dir(f.Path)))
	return nil
}

// readLock reads the charts that were chosen for a chart's dependencies.
func readLock(l *declared.List, f *detect.File, b []byte) error {
	var doc struct {
		Dependencies []dependency `yaml:"dependencies"`
	}
	if err := boundyaml.Unmarshal(b, &doc); err != nil {
		return err
	}
	for _, d := range doc.Dependencies {
		c, ok := chart(d.Name, d.Version, d.Repository)
		switch {
		case strings.HasPrefix(d.Repository, "file:"): // A chart beside this one.
		case !ok:
			l.Gaps.Add(sbom.GapIncomplete, "the chart %s is locked without a valid name and version", ospkg.Clip(d.Name))
		default:
			l.Depend(chartAlias(path.Dir(f.Path)), l.Add(c))
		}
	}
	return nil
}

func malformed(err error) error { return fmt.Errorf("%w: %.200s", detect.ErrFormat, err.Error()) }

// readCompose reads the images of services. A service that is built has the name that its
// image gets, and not one that it comes from.
func readCompose(l *declared.List, _ *detect.File, b []byte) error {
	var doc struct {
		Services map[string]struct {
			Image string    `yaml:"image"`
			Build yaml.Node `yaml:"build"`
		} `yaml:"services"`
	}
	if err := boundyaml.Unmarshal(b, &doc); err != nil {
		return err
	}
	for _, name := range sorted(doc.Services) {
		if s := doc.Services[name]; s.Image != "" && s.Build.IsZero() && !l.Full() {
			add(l, s.Image)
		}
	}
	return nil
}

// documents calls read for each document of a file.
func documents(b []byte, read func(*yaml.Node)) error {
	for dec := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var doc yaml.Node
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return malformed(err)
		}
		if len(doc.Content) > 0 {
			read(doc.Content[0])
		}
	}
}
