package java

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
)

// entry is one entry of a test archive.
type entry struct {
	name  string
	data  string
	store bool
}

// jar makes an archive of entries.
func jar(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
		if e.store {
			h.Method = zip.Store
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func properties(group, artifact, version string) entry {
	return entry{name: "META-INF/maven/" + group + "/" + artifact + "/pom.properties",
		data: "#Generated\r\ngroupId=" + group + "\r\nartifactId=" + artifact + "\r\nversion=" + version + "\r\n"}
}

func pomXML(group, artifact, xml string) entry {
	return entry{name: "META-INF/maven/" + group + "/" + artifact + "/pom.xml", data: xml}
}

func manifestOf(attributes ...string) entry {
	return entry{name: "META-INF/MANIFEST.MF", data: "Manifest-Version: 1.0\r\n" + strings.Join(attributes, "\r\n") + "\r\n\r\n"}
}

var class = entry{name: "org/example/A.class", data: "\xca\xfe\xba\xbe"}
