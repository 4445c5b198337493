package java

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// lines describes a fragment, one line a fact.
func lines(frag *detect.Fragment) []string {
	var out []string
	for _, c := range frag.Components {
		line := fmt.Sprintf("%s %s:%s:%s %s", c.Type, c.Group, c.Name, c.Version, c.PURL)
		if c.Scope != "" {
			line += " " + string(c.Scope)
		}
		if c.Property("java:shaded") != "" {
			line += " shaded"
		}
		line += fmt.Sprintf(" [%s", c.Location().Path)
		for _, e := range c.Evidence {
			line += fmt.Sprintf(" %s=%s/%.2f", e.Field, e.Technique, e.Confidence)
		}
		out = append(out, line+"]")
	}
	for _, g := range frag.Gaps {
		out = append(out, fmt.Sprintf("gap %s %s", g.Kind, g.Path))
	}
	return out
}

func TestIdentity(t *testing.T) {
	inherited := `<?xml version="1.0" encoding="ISO-8859-1"?><project><!-- ` + "\xe9" + ` --><parent><groupId>org.up</groupId>
		<artifactId>p</artifactId><version>3.1</version></parent><artifactId>a</artifactId></project>`
	for _, tt := range []struct {
		name, path string
		entries    []entry
		want       []string
	}{
		{"pom.properties", "a/a-1.0.jar", []entry{class, properties("org.g", "a", "1.0")},
			[]string{"library org.g:a:1.0 pkg:maven/org.g/a@1.0 [a/a-1.0.jar group=manifest-analysis/1.00 name=manifest-analysis/1.00 version=manifest-analysis/1.00]"}},
		{"pom.properties against the file name's version", "a/a-2.0.jar", []entry{class, properties("org.g", "a", "1.0")},
			[]string{"library org.g:a:1.0 pkg:maven/org.g/a@1.0 [a/a-2.0.jar group=manifest-analysis/0.95 name=manifest-analysis/0.95 version=manifest-analysis/0.95]"}},
		{"pom.xml with a parent", "a.jar", []entry{class, pomXML("org.up", "a", inherited)},
			[]string{"library org.up:a:3.1 pkg:maven/org.up/a@3.1 [a.jar group=manifest-analysis/0.85 name=manifest-analysis/0.85 version=manifest-analysis/0.85]"}},
		{"pom.xml with properties", "a.jar", []entry{class, pomXML("g", "a", `<project><groupId>${g}</groupId><artifactId>a</artifactId>
			<version>${revision}${changelist}</version><properties><g>g</g><revision>1.${minor}</revision><minor>5</minor><changelist></changelist></properties></project>`)},
			// A property without a value cannot be told from one that is not there.
			[]string{"library g:a: pkg:maven/g/a [a.jar group=manifest-analysis/0.85 name=manifest-analysis/0.85]", "gap incomplete a.jar"}},
		{"pom.xml with a resolved version", "a.jar", []entry{class, pomXML("g", "a", `<project><groupId>g</groupId><artifactId>a</artifactId>
			<version>${revision}</version><properties><revision>1.${minor}</revision><minor>5</minor></properties></project>`)},
			[]string{"library g:a:1.5 pkg:maven/g/a@1.5 [a.jar group=manifest-analysis/0.85 name=manifest-analysis/0.85 version=manifest-analysis/0.85]"}},
		{"classifier", "a-1.0-linux-x86_64.jar", []entry{class, properties("g", "a", "1.0")},
			[]string{"library g:a:1.0 pkg:maven/g/a@1.0?classifier=linux-x86_64 [a-1.0-linux-x86_64.jar group=manifest-analysis/1.00 name=manifest-analysis/1.00 version=manifest-analysis/1.00]"}},
		{"war", "shop-1.0.war", []entry{class, properties("g", "shop", "1.0")},
			[]string{"application g:shop:1.0 pkg:maven/g/shop@1.0?type=war [shop-1.0.war group=manifest-analysis/1.00 name=manifest-analysis/1.00 version=manifest-analysis/1.00]"}},
		{"sources", "a-1.0-sources.jar", []entry{properties("g", "a", "1.0")},
			[]string{"library g:a:1.0 pkg:maven/g/a@1.0?classifier=sources declared [a-1.0-sources.jar group=manifest-analysis/1.00 name=manifest-analysis/1.00 version=manifest-analysis/1.00]"}},
		{"shaded", "tool-1.0.jar", []entry{class, properties("org.other", "lib", "2.0"), properties("g", "tool", "1.0")},
			[]string{"library g:tool:1.0 pkg:maven/g/tool@1.0 [tool-1.0.jar group=manifest-analysis/1.00 name=manifest-analysis/1.00 version=manifest-analysis/1.00]",
				"library org.other:lib:2.0 pkg:maven/org.other/lib@2.0 shaded [tool-1.0.jar!/META-INF/maven/org.other/lib/pom.properties group=manifest-analysis/0.90 name=manifest-analysis/0.90 version=manifest-analysis/0.90]"}},
		{"shaded and renamed, confirmed by the main class", "app.jar",
			[]entry{class, properties("org.other", "lib", "2.0"), properties("com.shop", "backend", "1.0"), manifestOf("Main-Class: com.shop.Main")},
			[]string{"library com.shop:backend:1.0 pkg:maven/com.shop/backend@1.0 [app.jar group=manifest-analysis/0.80 name=manifest-analysis/0.80 version=manifest-analysis/0.80]",
				"library org.other:lib:2.0 pkg:maven/org.other/lib@2.0 shaded [app.jar!/META-INF/maven/org.other/lib/pom.properties group=manifest-analysis/0.90 name=manifest-analysis/0.90 version=manifest-analysis/0.90]"}},
		{"shaded without an own pom", "app.jar", []entry{class, properties("org.other", "lib", "2.0")},
			[]string{"library :app:  [app.jar name=filename/0.50]",
				"library org.other:lib:2.0 pkg:maven/org.other/lib@2.0 shaded [app.jar!/META-INF/maven/org.other/lib/pom.properties group=manifest-analysis/0.90 name=manifest-analysis/0.90 version=manifest-analysis/0.90]",
				"gap incomplete app.jar"}},
		{"renamed, built by Maven", "app.jar", []entry{class, properties("g", "backend", "1.0"), manifestOf("Created-By: Maven JAR Plugin 3.4.1")},
			[]string{"library g:backend:1.0 pkg:maven/g/backend@1.0 [app.jar group=manifest-analysis/0.90 name=manifest-analysis/0.90 version=manifest-analysis/0.90]"}},
		{"shaded by Maven into what has no pom", "guice.jar", []entry{class, properties("cglib", "cglib", "3.2.12"), manifestOf("Created-By: Apache Maven 3.8.7", "Bundle-Version: 4.2.3")},
			[]string{"library :guice:4.2.3  [guice.jar name=filename/0.50 version=manifest-analysis/0.70]",
				"library cglib:cglib:3.2.12 pkg:maven/cglib/cglib@3.2.12 shaded [guice.jar!/META-INF/maven/cglib/cglib/pom.properties group=manifest-analysis/0.90 name=manifest-analysis/0.90 version=manifest-analysis/0.90]",
				"gap incomplete guice.jar"}},
		{"renamed bundle", "app.jar", []entry{class, properties("g", "backend", "1.0-SNAPSHOT"), manifestOf("Created-By: Apache Maven Bundle Plugin", "Bundle-Version: 1.0.0.SNAPSHOT")},
			[]string{"library g:backend:1.0-SNAPSHOT pkg:maven/g/backend@1.0-SNAPSHOT [app.jar group=manifest-analysis/0.90 name=manifest-analysis/0.90 version=manifest-analysis/0.90]"}},
		{"manifest and file name agree", "lib/freemarker-2.3.31.jar", []entry{class, manifestOf("Implementation-Version: 2.3.31", "Implementation-Title: FreeMarker")},
			[]string{"library :freemarker:2.3.31  [lib/freemarker-2.3.31.jar name=filename/0.50 version=manifest-analysis/0.80 version=filename/0.60]", "gap incomplete lib/freemarker-2.3.31.jar"}},
		{"no made-up group", "compiler.jar", []entry{class, manifestOf("Main-Class: com.google.javascript.jscomp.CommandLineRunner", "Bundle-SymbolicName: com.google.javascript", "Bundle-Version: 1.2.3")},
			[]string{"library :compiler:1.2.3  [compiler.jar name=filename/0.50 version=manifest-analysis/0.70]", "gap incomplete compiler.jar"}},
		{"title and version in the manifest", "app.jar", []entry{class, manifestOf("Implementation-Title: shop-backend", "Implementation-Version: 0.0.1-SNAPSHOT")},
			[]string{"library :shop-backend:0.0.1-SNAPSHOT  [app.jar name=manifest-analysis/0.60 version=manifest-analysis/0.70]", "gap incomplete app.jar"}},
		{"file name only", "jcommander-1.82.jar", []entry{class},
			[]string{"library :jcommander:1.82  [jcommander-1.82.jar name=filename/0.50 version=filename/0.60]", "gap incomplete jcommander-1.82.jar"}},
		{"no version", "ca.jar", []entry{class, manifestOf("Specification-Version: 1.0", "Implementation-Version: ${project.version}")},
			[]string{"library :ca:  [ca.jar name=filename/0.50]", "gap incomplete ca.jar"}},
		{"local repository", "root/.m2/repository/org/foo/bar/1.0/bar-1.0.jar", []entry{class},
			[]string{"library org.foo:bar:1.0 pkg:maven/org.foo/bar@1.0 [root/.m2/repository/org/foo/bar/1.0/bar-1.0.jar group=filename/0.80 name=filename/0.80 version=filename/0.80]"}},
		{"Gradle cache", "root/.gradle/caches/modules-2/files-2.1/org.foo/bar/1.0/0a1b/bar-1.0.jar", []entry{class},
			[]string{"library org.foo:bar:1.0 pkg:maven/org.foo/bar@1.0 [root/.gradle/caches/modules-2/files-2.1/org.foo/bar/1.0/0a1b/bar-1.0.jar group=filename/0.80 name=filename/0.80 version=filename/0.80]"}},
		{"unfiltered pom", "a.jar", []entry{class, properties("${project.groupId}", "a", "@version@")},
			[]string{"library :a:  [a.jar name=manifest-analysis/0.90]", "gap incomplete a.jar"}},
		{"broken pom.xml", "a-1.jar", []entry{class, properties("g", "a", "1"), pomXML("g", "a", "<project><groupId>")},
			[]string{"library g:a:1 pkg:maven/g/a@1 [a-1.jar group=manifest-analysis/1.00 name=manifest-analysis/1.00 version=manifest-analysis/1.00]",
				"gap corrupt a-1.jar!/META-INF/maven/g/a/pom.xml"}},
		{"empty", "empty.jar", nil, []string{"library :empty:  [empty.jar name=filename/0.50]", "gap incomplete empty.jar"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frag := detecttest.Detect(t, New(nil), tt.path, jar(t, tt.entries...))
			got := lines(frag)
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("facts differ (-want +got):\n%s", diff)
			}
			if want := []detect.Claim{{Key: tt.path, Path: tt.path, Ground: sbom.ClaimContent}}; !slices.Equal(frag.Claims, want) {
				t.Errorf("claims %v", frag.Claims)
			}
		})
	}
}

// bootJar is a Spring Boot archive with a library in a bundle in it.
func bootJar(t testing.TB) []byte {
	inner := jar(t, class, properties("commons-io", "commons-io", "2.11.0"))
	bundle := jar(t, class, manifestOf("Implementation-Version: 3.1.0"), entry{name: "lib/commons-io-2.11.0.jar", data: string(inner)})
	return jar(t,
		manifestOf("Implementation-Title: corpus-boot", "Implementation-Version: 1.0", "Main-Class: org.springframework.boot.loader.JarLauncher"),
		entry{name: "BOOT-INF/lib/inner-bundle-3.1.0.jar", data: string(bundle), store: true},
		entry{name: `BOOT-INF\lib\commons-io-2.11.0.jar`, data: string(inner)},
	)
}

func TestNested(t *testing.T) {
	data := bootJar(t)
	frag := detecttest.Detect(t, New(nil), "app/app.jar", data)
	want := []string{
		"application :corpus-boot:1.0  [app/app.jar name=manifest-analysis/0.60 version=manifest-analysis/0.70]",
		"library :inner-bundle:3.1.0  [app/app.jar!/BOOT-INF/lib/inner-bundle-3.1.0.jar name=filename/0.50 version=manifest-analysis/0.80 version=filename/0.60]",
		"library commons-io:commons-io:2.11.0 pkg:maven/commons-io/commons-io@2.11.0 [app/app.jar!/BOOT-INF/lib/inner-bundle-3.1.0.jar!/lib/commons-io-2.11.0.jar group=manifest-analysis/1.00 name=manifest-analysis/1.00 version=manifest-analysis/1.00]",
	}
	got := lines(frag)
	if len(got) < 3 || cmp.Diff(want, got[:3]) != "" {
		t.Errorf("facts differ (-want +got):\n%s", cmp.Diff(want, got))
	}
	if len(frag.Components) != 4 || len(frag.Relations) != 3 {
		t.Fatalf("%d components, %d relations", len(frag.Components), len(frag.Relations))
	}
	for _, c := range frag.Components {
		if len(c.Hashes) != 2 || c.Hashes[0].Algorithm() != "sha256" || c.Hashes[1].Algorithm() != "sha1" {
			t.Errorf("%s: hashes %v", c.Name, c.Hashes)
		}
	}
	if a, b := frag.Components[2], frag.Components[3]; a.Hashes[1] != b.Hashes[1] || a.Key == b.Key {
		t.Errorf("the same library twice: %v and %v", a, b)
	}
	if r := frag.Relations[1]; r.From != frag.Components[1].Key || r.To != frag.Components[2].Key || r.Type != sbom.Contains {
		t.Errorf("relations %v", frag.Relations)
	}
}

// An upgrade of a library inside an archive is the same component.
func TestNestedKey(t *testing.T) {
	key := func(version string) string {
		lib := jar(t, class, properties("g", "a", version))
		frag := detecttest.Detect(t, New(nil), "app.jar", jar(t, entry{name: "lib/a-" + version + ".jar", data: string(lib)}))
		return frag.Components[1].Key
	}
	if key("1.0") != key("2.0") {
		t.Errorf("keys %q and %q", key("1.0"), key("2.0"))
	}
}

func TestAwkward(t *testing.T) {
	plain := jar(t, class, properties("g", "a", "1"))
	encrypted := bytes.Clone(jar(t, class, properties("g", "a", "1"), entry{name: "lib/b.jar", data: string(plain)}))
	for _, sig := range []string{"PK\x01\x02", "PK\x03\x04"} {
		flags := map[string]int{"PK\x01\x02": 8, "PK\x03\x04": 6}[sig]
		for at := 0; ; at++ {
			i := bytes.Index(encrypted[at:], []byte(sig))
			if i < 0 {
				break
			}
			at += i
			encrypted[at+flags] |= 1
		}
	}
	method := bytes.ReplaceAll(jar(t, entry{name: "lib/b.jar", data: string(plain)}), []byte("\x08\x00\x08\x00"), []byte("\x08\x00\x63\x00"))
	for _, tt := range []struct {
		name string
		data []byte
		want []string // of gaps
		err  error
	}{
		{"shell script before it", append([]byte("#!/bin/sh\nexec java -jar $0\n"), plain...), nil, nil},
		{"bytes behind it", append(bytes.Clone(plain), "trailing"...), nil, nil},
		{"encrypted", encrypted, []string{"incomplete a.jar", "encrypted a.jar!/META-INF/maven/g/a/pom.properties", "encrypted a.jar!/lib/b.jar"}, nil},
		{"unknown compression", method, []string{"incomplete a.jar", "unsupported a.jar!/lib/b.jar"}, nil},
		{"no zip", bytes.Repeat([]byte("x"), 100), nil, detect.ErrFormat},
		{"truncated", plain[:len(plain)-10], nil, detect.ErrFormat},
		{"nested garbage", jar(t, properties("g", "a", "1"), entry{name: "lib/b.jar", data: "garbage"}), []string{"corrupt a.jar!/lib/b.jar"}, nil},
		{"the same name twice", jar(t, properties("g", "a", "1"), entry{name: "b-1.jar", data: string(plain)}, entry{name: "b-1.jar", data: string(plain)}),
			[]string{"corrupt a.jar!/b-1.jar", "incomplete a.jar!/b-1.jar", "incomplete a.jar!/b-1.jar#2"}, nil},
		{"strange names", jar(t, properties("g", "a", "1"), entry{name: "../../etc/\xff\n.jar", data: string(plain)}),
			[]string{"incomplete a.jar!/../../etc/\uFFFD .jar"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frag, err := detecttest.DetectFile(t, New(nil), detecttest.File{Path: "a.jar", Data: tt.data})
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			var got []string
			for _, g := range frag.Gaps {
				got = append(got, string(g.Kind)+" "+g.Path)
			}
			slices.Sort(got)
			slices.Sort(tt.want)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("gaps differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	nest := jar(t, class)
	for range 12 {
		nest = jar(t, entry{name: "n.jar", data: string(nest), store: true})
	}
	bomb := jar(t, entry{name: "bomb.jar", data: strings.Repeat("\x00", 8<<20)})
	var overlap bytes.Buffer // many entries of the same name
	z := zip.NewWriter(&overlap)
	for i := range 100 {
		if _, err := z.Create(fmt.Sprintf("d/%d.txt", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		opts *Options
		data []byte
		want string
	}{
		{"depth", nil, nest, strings.TrimSuffix("a.jar!/"+strings.Repeat("n.jar!/", 8), "!/")},
		{"depth by option", &Options{MaxDepth: 2}, nest, "a.jar!/n.jar!/n.jar"},
		{"memory", &Options{MaxMemory: 1 << 20}, bomb, "a.jar!/bomb.jar"},
		{"inflated", &Options{MaxInflated: 1 << 20}, bomb, "a.jar!/bomb.jar"},
		{"entries", &Options{MaxEntries: 50}, overlap.Bytes(), "a.jar"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			frag := detecttest.Detect(t, New(tt.opts), "a.jar", tt.data)
			i := slices.IndexFunc(frag.Gaps, func(g sbom.Gap) bool { return g.Kind == sbom.GapLimit })
			if i < 0 || frag.Gaps[i].Path != tt.want {
				t.Errorf("gaps %v, want a limit at %s", frag.Gaps, tt.want)
			}
		})
	}
	if a, b := New(nil).ID(), New(&Options{MaxDepth: 2}).ID(); a == b || New(&Options{}).ID() != a {
		t.Errorf("ids %v and %v: other limits find other things", a, b)
	}
}

// An entry may lie about its length; what is held is bounded all the same.
func TestLyingLength(t *testing.T) {
	data := jar(t, entry{name: "bomb.jar", data: strings.Repeat("\x00", 8<<20)})
	i := bytes.Index(data, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(data[i+24:], 100)
	frag := detecttest.Detect(t, New(&Options{MaxMemory: 1 << 20}), "a.jar", data)
	if len(frag.Gaps) != 2 || frag.Gaps[1].Path != "a.jar!/bomb.jar" {
		t.Errorf("gaps %v", frag.Gaps)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data := bootJar(t)
	f := &detect.File{Entry: detect.Entry{Path: "a.jar", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
	if frag, err := New(nil).Detect(ctx, f); frag != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v: half a result looks like a whole one", frag, err)
	}
}

func TestWants(t *testing.T) {
	for _, tt := range []struct {
		path, head string
		want       bool
	}{
		{"a.jar", "PK\x03\x04", true}, {"a.JAR", "PK\x03\x04", true}, {"a.jar", "#!/bin/sh", true}, {"a.war", "", true},
		{"a.rar", "Rar!\x1a\x07", false}, {"a.rar", "PK\x03\x04", true}, {"a.zip", "PK\x03\x04", false}, {"jar", "PK\x03\x04", false},
	} {
		if got := New(nil).Wants(&detect.Entry{Path: tt.path, Size: 100, Head: []byte(tt.head)}); got != tt.want {
			t.Errorf("Wants(%s, %q) = %t", tt.path, tt.head, got)
		}
	}
	if New(nil).Wants(&detect.Entry{Path: "a.jar", Size: 21}) {
		t.Error("wants what is too short for a zip file")
	}
}

func TestConformance(t *testing.T) {
	files := []detecttest.File{
		{Path: "app/app.jar", Data: bootJar(t)},
		{Path: "lib/a-1.0-sources.jar", Data: jar(t, properties("g", "a", "1.0"))},
		{Path: "lib/tool-1.0.jar", Data: jar(t, class, properties("o", "lib", "2"), properties("g", "tool", "1.0"),
			pomXML("g", "tool", "<project><description>&eacute;</description></project>"), manifestOf("Bundle-License: https://www.apache.org/licenses/LICENSE-2.0.txt"))},
	}
	for _, ext := range []string{"war", "ear", "hpi", "jpi", "sar", "par", "rar", "kar", "nar", "lpkg", "aar"} {
		files = append(files, detecttest.File{Path: "lib/a-1.0." + ext, Data: jar(t, class, properties("g", "a", "1.0"))})
	}
	detecttest.Run(t, New(nil), files...)
}

// TestArchivesOfThisMachine reads Debian's jars, if any: each gives a component
// whose group id is stated by a pom or a repository, or a gap.
func TestArchivesOfThisMachine(t *testing.T) {
	var paths []string
	for _, glob := range []string{"/usr/share/java/*.jar", "/usr/share/maven/lib/*.jar", "/usr/lib/jvm/*/lib/*.jar"} {
		found, _ := filepath.Glob(glob)
		paths = append(paths, found...)
	}
	groups, n := 0, 0
	for _, p := range paths {
		if fi, err := os.Lstat(p); err != nil || !fi.Mode().IsRegular() {
			continue
		}
		data, err := os.ReadFile(p)
		if err != nil {
			continue
		}
		frag := detecttest.Detect(t, New(nil), strings.TrimPrefix(p, "/"), data)
		own := frag.Components[0]
		n++
		if own.Group != "" {
			groups++
		}
		if (own.Group == "" || own.Version == "") != (len(frag.Gaps) > 0) {
			t.Errorf("%s: %s:%s:%s, gaps %v", p, own.Group, own.Name, own.Version, frag.Gaps)
		}
		t.Logf("%s: %s:%s:%s", p, own.Group, own.Name, own.Version)
	}
	if n == 0 {
		t.Skip("no Java archives on this machine")
	}
	t.Logf("%d archives, %d with a group id", n, groups)
}

func FuzzArchive(f *testing.F) {
	f.Add(bootJar(f))
	f.Add(jar(f, class, properties("g", "a", "1"), properties("h", "b", "2"), manifestOf("Bundle-Version: 1")))
	f.Add(append([]byte("#!/bin/sh\n"), jar(f, class)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := New(&Options{MaxInflated: 16 << 20, MaxMemory: 4 << 20, MaxEntries: 10_000})
		if err := detecttest.Check(d, detecttest.File{Path: "a.jar", Data: data}); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkNested(b *testing.B) {
	data := bootJar(b)
	f := &detect.File{Entry: detect.Entry{Path: "a.jar", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
	d := New(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Detect(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLargeDirectory(b *testing.B) {
	entries := []entry{properties("g", "a", "1.0")}
	for i := range 10_000 {
		entries = append(entries, entry{name: fmt.Sprintf("org/example/package%d/Class%d.class", i/100, i), store: true})
	}
	data := jar(b, entries...)
	f := &detect.File{Entry: detect.Entry{Path: "a-1.0.jar", Size: int64(len(data))}, ReaderAt: bytes.NewReader(data)}
	d := New(nil)
	b.SetBytes(f.Size)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Detect(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}

// TestNativeProgram: a program that carries an archive runs as a program, and is
// not known by the archive.
func TestNativeProgram(t *testing.T) {
	for _, tt := range []struct {
		head   string
		claims int
	}{{"\x7fELF\x02\x01\x01", 0}, {"MZ\x90\x00", 0}, {"#!/bin/sh\nexec java -jar $0\n", 1}} {
		frag := detecttest.Detect(t, New(nil), "bin/tool.jar", append([]byte(tt.head), jar(t, class)...))
		if len(frag.Components) != 1 || len(frag.Claims) != tt.claims {
			t.Errorf("%.4q: %+v, want %d claims", tt.head, frag, tt.claims)
		}
	}
}
