package score

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestReadTextErrors(t *testing.T) {
	for text, line := range map[string]string{
		"}":              "line 1",
		"a: {\n}\n}":     "line 3",
		"a: {":           "1 messages",
		"a: 1\nwhat":     "line 2",
		"a: {\n} b: {\n": "line 2",
	} {
		_, err := readText(strings.NewReader(text))
		if !errors.Is(err, errText) || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: %v, want %s", text, err, line)
		}
	}
}

// write is the reverse of readText.
func (m *message) write(w *bytes.Buffer) {
	for name, values := range m.fields {
		for _, v := range values {
			fmt.Fprintf(w, "%s: \"%s\"\n", name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(v))
		}
	}
	for name, messages := range m.messages {
		for _, inner := range messages {
			fmt.Fprintf(w, "%s: {\n", name)
			inner.write(w)
			w.WriteString("}\n")
		}
	}
}

func FuzzReadText(f *testing.F) {
	data, err := os.ReadFile("testdata/scalibr.textproto")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add("a: \"\\\"\"\nb {\n}\nb: {}\n#c\n")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := readText(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, errText) {
				t.Fatal(err)
			}
			return
		}
		var again bytes.Buffer
		m.write(&again)
		got, err := readText(&again)
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Fatalf("%q: read again %+v, %v, want %+v", text, got, err, m)
		}
	})
}
