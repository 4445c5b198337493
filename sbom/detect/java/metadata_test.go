package java

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

func TestFileName(t *testing.T) {
	for base, want := range map[string]fileName{
		"a-1.0.jar":                            {"a-1.0", "a", "1.0", ""},
		"log4j-1.2-api-2.17.1.jar":             {"log4j-1.2-api-2.17.1", "log4j-1.2-api", "2.17.1", ""},
		"foo-1.0-beta-2.jar":                   {"foo-1.0-beta-2", "foo", "1.0-beta-2", ""},
		"guava-31.1-jre.jar":                   {"guava-31.1-jre", "guava", "31.1-jre", ""},
		"netty-4.1.100.Final.jar":              {"netty-4.1.100.Final", "netty", "4.1.100.Final", ""},
		"netty-4.1.100.Final-linux-x86_64.jar": {"netty-4.1.100.Final-linux-x86_64", "netty", "4.1.100.Final", "linux-x86_64"},
		"a-1.0-SNAPSHOT-sources.jar":           {"a-1.0-SNAPSHOT-sources", "a", "1.0-SNAPSHOT", "sources"},
		"freemarker-2.3.31.stable.jar":         {"freemarker-2.3.31.stable", "freemarker", "2.3.31.stable", ""},
		"jsr305-0.1~+svn49.jar":                {"jsr305-0.1~+svn49", "jsr305", "0.1~+svn49", ""},
		"geronimo-annotation-1.3-spec.jar":     {"geronimo-annotation-1.3-spec", "geronimo-annotation-1.3-spec", "", ""},
		"tomcat10-util.jar":                    {"tomcat10-util", "tomcat10-util", "", ""},
		"ROOT.war":                             {"ROOT", "ROOT", "", ""},
		".jar":                                 {},
	} {
		if got := parseFileName(base); got != want {
			t.Errorf("parseFileName(%q) = %+v, want %+v", base, got, want)
		}
	}
}

func TestLayout(t *testing.T) {
	for p, want := range map[string]coordinates{
		"root/.m2/repository/org/foo/bar/1.0/bar-1.0.jar":                {"org.foo", "bar", "1.0"},
		"root/.m2/repository/org/repository/bar/1.0/bar-1.0-linux-x.jar": {"org.repository", "bar", "1.0"},
		"usr/share/maven-repo/org/foo/bar/1.0/bar-1.0.jar":               {"org.foo", "bar", "1.0"},
		"srv/nexus/repository/org/foo/bar/1.0/bar-1.0.jar":               {"org.foo", "bar", "1.0"},
		"srv/repository/x/repository/org/foo/bar/1.0/bar-1.0.jar":        {}, // Which of them is the root?
		"x/modules-2/files-2.1/org.foo/bar/1.0/0a1b2c/bar-1.0.jar":       {"org.foo", "bar", "1.0"},
		"opt/app/org/foo/bar/1.0/bar-1.0.jar":                            {},
		"root/.m2/repository/org/foo/bar/1.0/other-1.0.jar":              {},
		"root/.m2/repository/bar/1.0/bar-1.0.jar":                        {},
		"bar-1.0.jar": {},
	} {
		got, ok := layout(p)
		if ok != (want != coordinates{}) || ok && got != want {
			t.Errorf("layout(%q) = %v, %t, want %v", p, got, ok, want)
		}
	}
}

func TestManifest(t *testing.T) {
	got := parseManifest([]byte("Manifest-Version: 1.0\r\nBundle-Name: a long\r\n  name\rnot an attribute\nBUNDLE-NAME: twice\nEmpty:\n\nName: org/x/\nBundle-Name: other\n"))
	want := manifest{"manifest-version": "1.0", "bundle-name": "a long name", "empty": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := parseManifest([]byte(strings.Repeat(" x\n", 10))); len(got) != 0 {
		t.Errorf("continued lines without an attribute: %v", got)
	}
}

func TestProperties(t *testing.T) {
	got := parseProperties([]byte("#c\n!c\n version = 1.0 \r\ngroupId:g\nartifactId=a\\u002db\\:c\nnothing\n"))
	want := map[string]string{"version": "1.0", "groupId": "g", "artifactId": "a-b:c"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDescription(t *testing.T) {
	x := pomXML("g", "a", `<project><artifactId>a</artifactId><description>What ${project.artifactId}
		does</description><organization><name>Org</name></organization><licenses>
		<license><name>The Apache Software License, Version 2.0</name><url>x</url></license>
		<license><name>Eclipse Distribution License</name><url>https://www.eclipse.org/org/documents/edl-v10.php</url></license>
		<license><name>BSD</name></license></licenses></project>`)
	c := detecttest.Detect(t, New(nil), "a-1.jar", jar(t, class, properties("g", "a", "1"), x)).Components[0]
	at := "a-1.jar!/META-INF/maven/g/a/pom.xml"
	want := []sbom.License{
		{Expression: "Apache-2.0", Name: "The Apache Software License, Version 2.0", Location: at},
		{Expression: "BSD-3-Clause", Name: "Eclipse Distribution License", Location: at},
		{Name: "BSD", Location: at},
	}
	if diff := cmp.Diff(want, c.Licenses); diff != "" || c.Description != "What a does" || c.Supplier != "Org" {
		t.Errorf("%q, %q, licences %s", c.Description, c.Supplier, diff)
	}
	m := manifestOf("Bundle-License: https://www.apache.org/licenses/LICENSE-2.0.txt;description=x", "Bundle-Vendor: V", "Automatic-Module-Name: org.a")
	c = detecttest.Detect(t, New(nil), "a-1.jar", jar(t, class, m)).Components[0]
	if len(c.Licenses) != 1 || c.Licenses[0].Expression != "Apache-2.0" || c.Supplier != "V" || c.Property("java:module") != "org.a" {
		t.Errorf("from the manifest: %+v", c)
	}
}

func FuzzPOM(f *testing.F) {
	f.Add([]byte("<project><groupId>${g}</groupId><artifactId>a</artifactId><version>${v}</version><properties><g>x</g><v>1${v}</v></properties></project>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parsePOM(b)
		if err != nil {
			return
		}
		c := p.coordinates()
		if c.group != token(c.group) || c.artifact != token(c.artifact) || c.version != versionToken(c.version) {
			t.Errorf("coordinates %+v", c)
		}
	})
}
