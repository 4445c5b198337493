// Command convert counts, fact by fact, what is left of CycloneDX documents when
// they are converted to another version through an inventory, beside what is left
// of them after syft convert.
//
//	go run ./convert [-syft PROGRAM] [-version 1.5] FILE.json ...
//
// A fact is a scalar inside a component, with the name and version of the component
// and the names of the fields around it, or a dependency between two components. It
// is kept if the converted document has the same one.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/cyclonedx"
)

func main() {
	syft := flag.String("syft", "syft", "the program to compare with")
	version := flag.String("version", "1.5", "the version to convert to")
	flag.Parse()
	fmt.Printf("%-44s %8s %16s %16s\n", "document", "facts", "syft convert", "imagetrust")
	for _, file := range flag.Args() {
		if err := compare(file, *syft, *version); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func compare(file, syft, version string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	want, err := facts(text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	theirs, err := convertSyft(file, syft, version)
	if err != nil {
		return err
	}
	ours, err := convert(text, version)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	fmt.Printf("%-44s %8d", filepath.Base(file), want.sum())
	for _, converted := range [][]byte{theirs, ours} {
		got, err := facts(converted)
		if err != nil {
			return fmt.Errorf("%s converted: %w", file, err)
		}
		kept := want.kept(got)
		fmt.Printf(" %8d %6.1f%%", kept, 100*float64(kept)/float64(max(1, want.sum())))
	}
	fmt.Println()
	return nil
}

func convertSyft(file, syft, version string) ([]byte, error) {
	cmd := exec.Command(syft, "convert", file, "-q", "-o", "cyclonedx-json@"+version)
	cmd.Env = append(os.Environ(), "SYFT_CHECK_FOR_APP_UPDATE=false")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmd, err)
	}
	return out, nil
}

func convert(text []byte, version string) ([]byte, error) {
	inv, err := cyclonedx.Decode(bytes.NewReader(text), nil)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = cyclonedx.Encode(&out, inv, &cyclonedx.Options{Version: version, Hidden: true, Files: true})
	return out.Bytes(), err
}

// tally counts facts.
type tally map[string]int

func (t tally) sum() int {
	n := 0
	for _, c := range t {
		n += c
	}
	return n
}

// kept returns how many facts of t are in other.
func (t tally) kept(other tally) int {
	n := 0
	for fact, c := range t {
		n += min(c, other[fact])
	}
	return n
}

// facts reads the facts of a document.
func facts(text []byte) (tally, error) {
	var doc struct {
		Components   []map[string]any
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	t, names := make(tally), make(map[string]string)
	for _, c := range doc.Components {
		t.component(c, names)
	}
	for _, d := range doc.Dependencies {
		for _, on := range d.DependsOn {
			if from, to := names[d.Ref], names[on]; from != "" && to != "" {
				t["edge "+from+" "+to]++
			}
		}
	}
	return t, nil
}

func (t tally) component(c map[string]any, names map[string]string) {
	name := fmt.Sprintf("%v@%v", c["name"], c["version"])
	if ref, ok := c["bom-ref"].(string); ok {
		names[ref] = name
	}
	delete(c, "bom-ref") // a reference says nothing
	nested, _ := c["components"].([]any)
	delete(c, "components")
	t.value(name, nil, c)
	for _, n := range nested {
		if n, ok := n.(map[string]any); ok {
			t.component(n, names)
		}
	}
}

// value counts scalars. A property and a hash are one fact each, whatever their
// parts.
func (t tally) value(component string, path []string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, pair := range [][2]string{{"name", "value"}, {"alg", "content"}} {
			if v[pair[0]] != nil && v[pair[1]] != nil && len(v) == 2 {
				t.add(component, path, fmt.Sprintf("%v=%v", v[pair[0]], v[pair[1]]))
				return
			}
		}
		for key, e := range v {
			t.value(component, append(path[:len(path):len(path)], key), e)
		}
	case []any:
		for _, e := range v {
			t.value(component, path, e)
		}
	default:
		t.add(component, path, fmt.Sprint(v))
	}
}

func (t tally) add(component string, path []string, value string) {
	t[component+" "+strings.Join(path, ".")+" "+value]++
}
