package truth

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
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
	return c.zip(rel, data, 0)
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
