package cyclonedx

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/sbom"
)

// shared returns the path of a file that is not part of the repository, and
// skips the test where it is missing.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no official schemas or real documents here: %s is missing", path)
	}
	return path
}

// compileSchema returns the official JSON schema of a version.
func compileSchema(t testing.TB, version string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	add := func(url, file string) {
		b, err := os.ReadFile(shared(t, "schemas", file))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(url, doc); err != nil {
			t.Fatal(err)
		}
	}
	const base = "http://cyclonedx.org/schema/"
	add(base+"spdx.schema.json", "spdx.schema.json")
	add(base+"jsf-0.82.schema.json", "jsf-0.82.schema.json")
	add(base+"cryptography-defs.schema.json", "cryptography-defs.schema.json")
	add(base+"bom-"+version+".schema.json", "cyclonedx-"+version+".schema.json")
	s, err := c.Compile(base + "bom-" + version + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchema validates what is written against the official schemas: JSON, also
// of hostile inventories, and XML where xmllint is installed.
func TestSchema(t *testing.T) {
	xmllint, noXMLLint := exec.LookPath("xmllint")
	everyOptions(t, func(t *testing.T, opts *Options) {
		if opts.Format == XML {
			if noXMLLint != nil {
				t.Skip("xmllint (Debian package libxml2-utils) is not installed")
			}
			validateXML(t, xmllint, opts)
			return
		}
		schema := compileSchema(t, opts.Version)
		for _, inv := range inventories(60) {
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encode(t, inv, opts)))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Fatalf("%v\n%s", err, encode(t, inv, opts))
			}
		}
	})
}

func inventories(n uint64) []*sbom.Inventory {
	list := []*sbom.Inventory{documenttest.Golden(), {}}
	for seed := range n {
		list = append(list, documenttest.Random(seed))
	}
	return list
}

func encode(t testing.TB, inv *sbom.Inventory, opts *Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := Encode(&b, inv, opts); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func validateXML(t *testing.T, xmllint string, opts *Options) {
	// The schema names its import by a URL; a catalog keeps xmllint off the
	// network.
	dir := t.TempDir()
	spdx, err := filepath.Abs(shared(t, "schemas", "spdx.xsd"))
	if err != nil {
		t.Fatal(err)
	}
	catalog := filepath.Join(dir, "catalog.xml")
	text := `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">` +
		`<system systemId="http://cyclonedx.org/schema/spdx" uri="file://` + spdx + `"/>` +
		`<uri name="http://cyclonedx.org/schema/spdx" uri="file://` + spdx + `"/></catalog>`
	if err := os.WriteFile(catalog, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--nonet", "--noout", "--schema", shared(t, "schemas", "cyclonedx-"+opts.Version+".xsd")}
	for i, inv := range inventories(60) {
		path := filepath.Join(dir, string(rune('a'+i/26))+string(rune('a'+i%26))+".xml")
		if err := os.WriteFile(path, encode(t, inv, opts), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	cmd := exec.Command(xmllint, args...)
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+catalog)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%.4000s", err, out)
	}
}
