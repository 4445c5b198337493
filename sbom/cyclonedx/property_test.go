package cyclonedx

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/imagetrust/imagetrust/internal/document/documenttest"
	"github.com/imagetrust/imagetrust/internal/inventorytest"
	"github.com/imagetrust/imagetrust/sbom"
)

var generated = flag.Int("inventories", 40, "how many generated inventories are written and read in each version and encoding")

// TestProperty: a generated inventory that is written is valid by the official
// schema, and comes back as it was but for the losses; and each of those happened.
func TestProperty(t *testing.T) {
	everyOptions(t, func(t *testing.T, opts *Options) {
		validate := validator(t, opts)
		for seed := range documenttest.Seeds(*generated) {
			inv := inventorytest.Generate(seed)
			// The test must not pass because Encode changed what it is compared with.
			text := roundTrip(t, inv, opts)
			if d := inventorytest.Diff(inventorytest.Generate(seed), inv); d != nil {
				t.Fatalf("seed %d: Encode changed the inventory: %v", seed, d)
			}
			validate(fmt.Sprintf("seed %d", seed), text)
		}
	})
}

func haveSchemas() bool {
	_, err := os.Stat(filepath.Join("..", "..", "..", "shared", "schemas"))
	return err == nil
}

// validator returns a function that validates documents, JSON one by one and XML
// at the end of the test, or does nothing where a validator is missing.
func validator(t *testing.T, opts *Options) func(name string, text []byte) {
	if !haveSchemas() {
		t.Log("not validated: the official schemas are missing")
		return func(string, []byte) {}
	}
	if opts.Format == JSON {
		schema := compileSchema(t, opts.Version)
		return func(_ string, text []byte) { validateJSON(t, schema, text) }
	}
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Log("not validated: xmllint (Debian package libxml2-utils) is not installed")
		return func(string, []byte) {}
	}
	batch := &xmlBatch{t: t, xmllint: xmllint, version: opts.Version, dir: t.TempDir()}
	t.Cleanup(batch.validate)
	return batch.add
}

// xmlBatch collects documents, since starting xmllint takes longer than validating.
type xmlBatch struct {
	t                     *testing.T
	xmllint, version, dir string
	files                 []string
}

func (b *xmlBatch) add(_ string, text []byte) {
	path := filepath.Join(b.dir, fmt.Sprintf("%d.xml", len(b.files)))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		b.t.Fatal(err)
	}
	if b.files = append(b.files, path); len(b.files) == 100 {
		b.validate()
	}
}

func (b *xmlBatch) validate() {
	if len(b.files) > 0 {
		lint(b.t, b.xmllint, b.version, b.dir, b.files)
	}
	b.files = nil
}

// TestLossesAreReal: a loss that is reported without having happened is found by
// the comparison on which TestProperty rests.
func TestLossesAreReal(t *testing.T) {
	inv := inventorytest.Generate(1)
	for _, field := range []string{"components", "relationships", "files", "created", "layers.created", "gaps"} {
		lie := []sbom.Loss{{Field: field, Count: len(inv.Components) + len(inv.Relationships) + len(inv.Files) + len(inv.Layers) + 1}}
		if _, unknown := documenttest.Expected(inv, lie); unknown == "" {
			t.Errorf("a loss of %s that did not happen is not found", field)
		}
	}
}

// TestOneByOne: an inventory is written whatever the writer's steps, and the error
// of the writer comes back.
func TestOneByOne(t *testing.T) {
	inv := inventorytest.Generate(3)
	everyOptions(t, func(t *testing.T, opts *Options) {
		whole := encode(t, inv, opts)
		for _, room := range []int{0, 1, 100, len(whole) - 1} {
			w := &full{room: room}
			if _, err := Encode(w, inv, opts); err != errFull {
				t.Errorf("error %v after %d bytes of %d", err, room, len(whole))
			}
			if !bytes.HasPrefix(whole, w.text) {
				t.Errorf("%d bytes are not the beginning of the document", len(w.text))
			}
		}
	})
}
