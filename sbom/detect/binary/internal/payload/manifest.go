package payload

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// MaxManifest is the size in bytes of the largest manifest that is read.
const MaxManifest = 1 << 20

// maxText are the bytes of evidence.
const maxText = 200

// PackageJSON returns the package that a package.json is of; ok is false if it has no
// name and version that npm would take.
func PackageJSON(b []byte) (p Package, ok bool) {
	var m statement.Object
	if json.Unmarshal(b, &m) != nil {
		return p, false
	}
	p = Package{Type: "npm", Name: m.Text("name"), Version: oneline.Token(m.Text("version"), MaxName), License: oneline.Text(m.Text("license"), maxText)}
	p.Text = `"name": "` + p.Name + `", "version": "` + p.Version + `"`
	return p, node.ValidName(p.Name) && p.Version != ""
}

// Metadata returns the distribution that a METADATA or PKG-INFO is of (Python's core
// metadata).
func Metadata(b []byte) (p Package, ok bool) {
	p.Type = "pypi"
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, MaxManifest)
	var name, expression string
	seen := make(map[string]bool, 4)
	for s.Scan() && strings.TrimSpace(s.Text()) != "" { // The description follows an empty line.
		field, value, _ := strings.Cut(s.Text(), ":")
		value = strings.TrimSpace(value)
		switch field = strings.ToLower(field); {
		case seen[field]: // Of a field that is there twice, those who install take the first.
		case field == "name":
			name = value
		case field == "version":
			p.Version = oneline.Token(value, MaxName)
		case field == "license-expression":
			expression = value
		case field == "license":
			p.License = oneline.Text(value, maxText)
		default:
			continue
		}
		seen[field] = true
	}
	if expression != "" {
		p.License = oneline.Text(expression, maxText)
	}
	if !pep.ValidName(name) || p.Version == "" {
		return p, false
	}
	p.Name, p.Text = pep.Normalize(name), "Name: "+name+", Version: "+p.Version
	return p, true
}

// PomProperties returns the artifact that a pom.properties is of.
func PomProperties(b []byte) (p Package, ok bool) {
	values := make(map[string]string)
	s := bufio.NewScanner(bytes.NewReader(b))
	for s.Scan() {
		if k, v, ok := strings.Cut(s.Text(), "="); ok && len(values) < 16 {
			values[strings.TrimSpace(k)] = oneline.Token(v, MaxName)
		}
	}
	group, artifact := values["groupId"], values["artifactId"]
	p = Package{Type: "maven", Name: group + "/" + artifact, Version: values["version"]}
	p.Text = "groupId=" + group + ", artifactId=" + artifact + ", version=" + p.Version
	return p, group != "" && artifact != "" && p.Version != "" && !strings.Contains(group+artifact, "/")
}
