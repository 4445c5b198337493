package java

import (
	"bytes"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// manifest is the main section of a MANIFEST.MF by lower-case attribute names
// (JAR file specification, "JAR manifest").
type manifest map[string]string

const maxAttribute = 4096

// parseManifest never fails: what is no attribute says nothing.
func parseManifest(b []byte) manifest {
	m := make(manifest)
	name := ""
	for len(b) > 0 {
		var line []byte
		line, b = cutLine(b)
		switch {
		case len(line) == 0 && len(m) > 0:
			return m
		case len(line) == 0:
		case line[0] == ' ':
			if name != "" && len(m[name])+len(line) < maxAttribute {
				m[name] += string(line[1:])
			}
		default:
			k, v, ok := strings.Cut(string(line), ":")
			name = strings.ToLower(strings.TrimSpace(k))
			if _, twice := m[name]; !ok || twice || len(m) > 1000 {
				name = ""
				continue
			}
			m[name] = strings.TrimPrefix(v[:min(len(v), maxAttribute)], " ")
		}
	}
	return m
}

// cutLine returns the first line of b and the rest; lines end in CR LF, LF or CR.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexAny(b, "\r\n")
	if i < 0 {
		return b, nil
	}
	line, rest = b[:i], b[i+1:]
	if b[i] == '\r' {
		rest = bytes.TrimPrefix(rest, []byte("\n"))
	}
	return line, rest
}

// text returns the first of the attributes that is there, as one line.
func (m manifest) text(names ...string) string {
	for _, name := range names {
		if s := oneline.Text(m[strings.ToLower(name)], 512); s != "" {
			return s
		}
	}
	return ""
}

// version returns the implementation's version and the attribute that states
// it. Specification-Version is not one: it is that of the interface.
func (m manifest) version() (version, attribute string) {
	for _, name := range []string{"Implementation-Version", "Bundle-Version"} {
		if v := versionToken(m[strings.ToLower(name)]); v != "" {
			return v, name
		}
	}
	return "", ""
}

// symbolicName is the bundle's, without its directives.
func (m manifest) symbolicName() string {
	name, _, _ := strings.Cut(m.text("Bundle-SymbolicName"), ";")
	return strings.TrimSpace(name)
}

// byMaven reports whether Maven made the archive; Maven puts the pom of what it
// builds into it.
func (m manifest) byMaven() bool {
	for _, name := range []string{"Created-By", "Archiver-Version", "Build-Tool", "Tool"} {
		v := strings.ToLower(m.text(name))
		if strings.Contains(v, "maven") || strings.Contains(v, "plexus archiver") {
			return true
		}
	}
	return false
}
