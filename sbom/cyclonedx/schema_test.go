package cyclonedx

import (
	"bytes"
	"errors"
	"fmt"
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
		for _, inv := range inventories(documenttest.Seeds(60)) {
			validateJSON(t, schema, encode(t, inv, opts))
		}
	})
}

func validateJSON(t *testing.T, schema *jsonschema.Schema, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Fatalf("%v\n%.4000s", err, text)
	}
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
	dir := t.TempDir()
	var files []string
	for i, inv := range inventories(documenttest.Seeds(60)) {
		path := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		if err := os.WriteFile(path, encode(t, inv, opts), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	lint(t, xmllint, opts.Version, dir, files)
}

// lint validates files with the official XML schema. The schema names its import
// by a URL; a catalog in dir keeps xmllint off the network.
func lint(t *testing.T, xmllint, version, dir string, files []string) {
	t.Helper()
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
	args := append([]string{"--nonet", "--noout", "--schema", shared(t, "schemas", "cyclonedx-"+version+".xsd")}, files...)
	cmd := exec.Command(xmllint, args...)
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+catalog)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%.4000s", err, out)
	}
}
