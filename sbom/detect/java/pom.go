package java

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// pom is what META-INF/maven/GROUP/ARTIFACT holds.
type pom struct {
	dirGroup, dirArtifact string
	properties            map[string]string // pom.properties; nil if there is none
	xml                   *project          // pom.xml; nil if there is none
}

// coordinates are a Maven coordinate; parts that nothing states are empty.
type coordinates struct{ group, artifact, version string }

// coordinates returns what the pom states, pom.properties first, and the file
// that states the group id.
func (p *pom) coordinates() (c coordinates, source string) {
	source = "pom.properties"
	c.group = token(p.properties["groupId"])
	c.artifact = token(p.properties["artifactId"])
	c.version = versionToken(p.properties["version"])
	if p.xml == nil {
		return c, source
	}
	x := p.xml.coordinates()
	if c.group == "" {
		source = "pom.xml"
	}
	return coordinates{cmp.Or(c.group, x.group), cmp.Or(c.artifact, x.artifact), cmp.Or(c.version, x.version)}, source
}

// location of the file source inside the archive.
func (p *pom) location(source string) string {
	return oneline.Text("META-INF/maven/"+p.dirGroup+"/"+p.dirArtifact+"/"+source, maxPath)
}

var tokenPattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)

// token returns s if it is a valid group or artifact id. What a build tool
// should have replaced ("${project.groupId}", "@name@") is not.
func token(s string) string {
	if s = strings.TrimSpace(s); tokenPattern.MatchString(s) {
		return s
	}
	return ""
}

// versionToken returns s if it is a word with a digit that no build tool should
// have replaced.
func versionToken(s string) string {
	s = oneline.Token(s, 128)
	if strings.ContainsAny(s, "${}@") || !strings.ContainsAny(s, "0123456789") {
		return ""
	}
	return s
}

// parseProperties reads a .properties file (java.util.Properties) as far as
// Maven writes it: comments, "=" or ":" and escapes, without continued lines.
func parseProperties(b []byte) map[string]string {
	m := make(map[string]string)
	for len(b) > 0 && len(m) < 100 {
		var raw []byte
		raw, b = cutLine(b)
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		if i := strings.IndexAny(line, "=:"); i > 0 {
			m[strings.TrimSpace(line[:i])] = unescape(strings.TrimSpace(line[i+1:]))
		}
	}
	return m
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == 'u' && i+5 <= len(s) {
			if r, err := strconv.ParseUint(s[i+1:i+5], 16, 16); err == nil {
				b.WriteRune(rune(r))
				i += 4
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// project is a pom.xml as far as it matters here.
type project struct {
	GroupID     string `xml:"groupId"`
	ArtifactID  string `xml:"artifactId"`
	Version     string `xml:"version"`
	Name        string `xml:"name"`
	Description string `xml:"description"`
	Parent      struct {
		GroupID    string `xml:"groupId"`
		ArtifactID string `xml:"artifactId"`
		Version    string `xml:"version"`
	} `xml:"parent"`
	Organization string `xml:"organization>name"`
	URL          string `xml:"url"`
	Issues       string `xml:"issueManagement>url"`
	SCM          struct {
		URL        string `xml:"url"`
		Connection string `xml:"connection"`
	} `xml:"scm"`
	Download string `xml:"distributionManagement>downloadUrl"`
	Licenses []struct {
		Name string `xml:"name"`
		URL  string `xml:"url"`
	} `xml:"licenses>license"`
	Properties propertyMap `xml:"properties"`
}

// propertyMap are the user-defined properties of a pom.
type propertyMap map[string]string

const maxUserProperties = 4096

// UnmarshalXML implements xml.Unmarshaler.
func (m *propertyMap) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	*m = make(propertyMap)
	for {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			var v string
			if err := d.DecodeElement(&v, &t); err != nil {
				return err
			}
			if len(*m) < maxUserProperties {
				(*m)[t.Name.Local] = strings.TrimSpace(v)
			}
		}
	}
}

func parsePOM(b []byte) (*project, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false // poms have HTML entities in their descriptions
	d.Entity = xml.HTMLEntity
	d.CharsetReader = latin1
	var p project
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	return &p, nil
}

// latin1 reads any charset that is not UTF-8 as ISO 8859-1: coordinates are
// ASCII, and that is what the other poms use.
func latin1(_ string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, c := range b {
		out.WriteRune(rune(c))
	}
	return &out, nil
}

// coordinates returns the project's own, with those it inherits and with
// references to its own properties resolved.
func (p *project) coordinates() coordinates {
	return coordinates{
		group:    token(p.resolve(cmp.Or(p.GroupID, p.Parent.GroupID))),
		artifact: token(p.resolve(p.ArtifactID)),
		version:  versionToken(p.resolve(cmp.Or(p.Version, p.Parent.Version))),
	}
}

var reference = regexp.MustCompile(`\$\{([^${}]{1,100})\}`)

// resolve replaces references by what this pom itself says. References to what
// only a parent's pom says stay.
func (p *project) resolve(s string) string {
	for range 4 {
		if len(s) > 1024 || !strings.Contains(s, "${") {
			break
		}
		s = reference.ReplaceAllStringFunc(s, func(ref string) string {
			if v := p.property(ref[2 : len(ref)-1]); v != "" {
				return v
			}
			return ref
		})
	}
	return s
}

func (p *project) property(name string) string {
	switch name {
	case "project.version", "pom.version", "version":
		return cmp.Or(p.Version, p.Parent.Version)
	case "project.groupId", "pom.groupId", "groupId":
		return cmp.Or(p.GroupID, p.Parent.GroupID)
	case "project.artifactId", "pom.artifactId", "artifactId":
		return p.ArtifactID
	case "project.parent.version", "parent.version":
		return p.Parent.Version
	case "project.parent.groupId", "parent.groupId":
		return p.Parent.GroupID
	case "project.parent.artifactId", "parent.artifactId":
		return p.Parent.ArtifactID
	}
	return p.Properties[name]
}
