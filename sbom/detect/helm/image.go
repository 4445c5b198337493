package helm

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// reference is one to an image: [REGISTRY/]REPOSITORY[:TAG][@DIGEST].
type reference struct{ registry, repository, tag, digest string }

// parseReference splits a reference. ok is false when it is none: the grammar is that of
// the distribution project, but for the length of names.
func parseReference(s string) (r reference, ok bool) {
	rest, digest, digested := strings.Cut(s, "@")
	if digested {
		d, err := sbom.ParseDigest(digest)
		if err != nil {
			return r, false
		}
		r.digest = string(d)
	}
	if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
		rest, r.tag = rest[:i], rest[i+1:]
		if !ospkg.ValidName(r.tag) || strings.Contains(r.tag, "+") || len(r.tag) > 128 {
			return r, false
		}
	}
	r.repository = rest
	if first, more, ok := strings.Cut(rest, "/"); ok && (strings.ContainsAny(first, ".:") || first == "localhost") {
		r.registry, r.repository = first, more
	}
	if r.registry == "index.docker.io" || r.registry == "registry-1.docker.io" {
		r.registry = "docker.io"
	}
	for part := range strings.SplitSeq(r.repository, "/") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
			return r, false
		}
	}
	host := strings.Trim(r.registry, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:")
	return r, host == "" && len(s) <= 1024
}

// component describes the image.
func (r reference) component() sbom.Component {
	namespace, name := path.Split(r.repository)
	namespace = strings.TrimSuffix(namespace, "/")
	full := r.repository
	if r.registry != "" && r.registry != "docker.io" {
		full = r.registry + "/" + full
	}
	c := sbom.Component{Type: sbom.TypeContainer, Name: full, Version: r.tag}
	if r.digest != "" {
		c.Version = r.digest
		at := full
		if at == r.repository {
			if namespace == "" {
				at = "library/" + at
			}
			at = "docker.io/" + at
		}
		c.PURL = sbom.NewPURL("oci", "", name, r.digest, map[string]string{"repository_url": at, "tag": r.tag})
		return c
	}
	q := map[string]string{}
	if full != r.repository {
		q["repository_url"] = r.registry
	} else if namespace == "" {
		namespace = "library"
	}
	c.PURL = sbom.NewPURL("docker", namespace, name, r.tag, q)
	return c
}

// add adds the image that a reference names. What says no version is a gap.
func add(l *declared.List, s string) {
	s = strings.TrimSpace(s)
	r, ok := parseReference(s)
	switch {
	case strings.Contains(s, "${") || strings.Contains(s, "{{") || strings.HasPrefix(s, "$"):
		l.Gaps.Add(sbom.GapIncomplete, "the image %s is computed and not stated", ospkg.Clip(s))
	case !ok:
		l.Gaps.Add(sbom.GapCorrupt, "%s is no reference to an image", ospkg.Clip(s))
	case r.tag == "" && r.digest == "":
		l.Gaps.Add(sbom.GapIncomplete, "the image %s is named without a tag or digest", ospkg.Clip(s))
	default:
		l.Add(r.component())
	}
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// maxDepth is how deeply values are looked into.
const maxDepth = 32

// walk calls visit for each mapping in a document.
func walk(n *yaml.Node, depth int, visit func(*yaml.Node)) {
	if depth > maxDepth {
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		visit(n)
		for i := 1; i < len(n.Content); i += 2 {
			walk(n.Content[i], depth+1, visit)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			walk(item, depth+1, visit)
		}
	}
	// An alias is walked where its anchor is.
}

// get returns the value of a key in a mapping; nil if there is none.
func get(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// text returns the scalar at a key in a mapping, empty if there is none.
func text(n *yaml.Node, key string) string {
	v := get(n, key)
	if v != nil && v.Kind == yaml.AliasNode {
		v = v.Alias
	}
	if v == nil || v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
		return ""
	}
	return v.Value
}

// readValues reads the images in the values of a chart, as charts commonly have them: a
// mapping with repository, and tag or digest, and perhaps a registry. One without a tag
// has that of the chart, which other files say.
func readValues(l *declared.List, _ *detect.File, b []byte) error {
	return documents(b, func(root *yaml.Node) {
		walk(root, 0, func(n *yaml.Node) {
			repository := text(n, "repository")
			tag, digest := text(n, "tag"), text(n, "digest")
			if repository == "" || tag == "" && digest == "" || strings.Contains(repository, "://") || l.Full() {
				return
			}
			ref := repository
			if registry := text(n, "registry"); registry != "" {
				ref = registry + "/" + ref
			}
			if tag != "" {
				ref += ":" + tag
			}
			if digest != "" {
				ref += "@" + digest
			}
			add(l, ref)
		})
	})
}

// workloads are the kinds of Kubernetes that have containers, and lists of such.
var workloads = []string{"Pod", "PodTemplate", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "List"}

// readManifest reads the images of the containers of workloads.
func readManifest(l *declared.List, f *detect.File, b []byte) error {
	if bytes.Contains(b, []byte("{{")) {
		return nil // A template.
	}
	return documents(b, func(root *yaml.Node) {
		if text(root, "apiVersion") == "" || !slices.Contains(workloads, text(root, "kind")) {
			return
		}
		walk(root, 0, func(n *yaml.Node) {
			for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
				containers := get(n, list)
				if containers == nil || containers.Kind != yaml.SequenceNode {
					continue
				}
				for _, c := range containers.Content {
					if image := text(c, "image"); image != "" && text(c, "name") != "" && !l.Full() {
						add(l, image)
					}
				}
			}
		})
	})
}
