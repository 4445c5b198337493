package truth

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"path"
	"slices"
	"strings"
)

// isArchive reports whether Java would look into a file of this name.
func isArchive(base string) bool {
	switch path.Ext(base) {
	case ".jar", ".war", ".ear":
		return true
	}
	return false
}

func (c *collector) archive(rel string) error {
	data, err := c.read(rel)
	if err != nil {
		return err
	}
	before := len(c.img.Packages)
	if err := c.zip(rel, data, 0); err != nil {
		return err
	}
	c.deposited(rel, c.img.Packages[before:])
	return nil
}

// deposited adds the coordinates of an archive in a repository of Maven's layout,
// GROUP/ARTIFACT/VERSION/ARTIFACT-VERSION.jar with the .pom that says so beside it. known
// are those that the archive itself names.
func (c *collector) deposited(rel string, known []Package) {
	data, err := c.read(strings.TrimSuffix(rel, path.Ext(rel)) + ".pom")
	if err != nil {
		return
	}
	var pom struct {
		Group    string `xml:"groupId"`
		Artifact string `xml:"artifactId"`
		Version  string `xml:"version"`
	}
	if xml.Unmarshal(data, &pom) != nil || pom.Group == "" {
		return
	}
	at := path.Join(strings.ReplaceAll(pom.Group, ".", "/"), pom.Artifact, pom.Version, pom.Artifact+"-"+pom.Version+".jar")
	name := pom.Group + ":" + pom.Artifact
	if strings.HasSuffix(rel, "/"+at) && !slices.ContainsFunc(known, func(p Package) bool { return p.Name == name }) {
		c.add(&c.img.Packages, Maven, name, pom.Version, rel)
	}
}

// zip adds the Maven coordinates of an archive and of the archives in it.
func (c *collector) zip(name string, data []byte, depth int) error {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || depth > 8 {
		return nil // not an archive, whatever its name
	}
	for _, f := range r.File {
		pom := strings.HasPrefix(f.Name, "META-INF/maven/") && strings.HasSuffix(f.Name, "/pom.properties")
		if !pom && !isArchive(f.Name) {
			continue
		}
		content, err := member(f)
		if err != nil {
			return err
		}
		inner := name + "!/" + f.Name
		if !pom {
			if err := c.zip(inner, content, depth+1); err != nil {
				return err
			}
			continue
		}
		group, artifact, version := property(content, "groupId"), property(content, "artifactId"), property(content, "version")
		if group != "" && artifact != "" && version != "" {
			c.add(&c.img.Packages, Maven, group+":"+artifact, version, inner)
		}
	}
	return nil
}

func member(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// property returns a value of a properties file, of the plain form that Maven writes.
func property(data []byte, key string) string {
	for line := range strings.Lines(string(data)) {
		if k, v, ok := strings.Cut(line, "="); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
