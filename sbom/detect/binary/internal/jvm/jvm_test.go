package jvm

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Runtime
	}{
		{"IMPLEMENTOR=\"Acme\"\nIMPLEMENTOR_VERSION=\"Acme-17.0.9+9\"\nJAVA_RUNTIME_VERSION=\"17.0.9+9-LTS\"\nJAVA_VERSION=\"17.0.9\"\nIMAGE_TYPE=\"JRE\"\nMODULES=\"java.base java.sql\"\nSOURCE_REPO=\"https://example.com/jdk\"\n",
			Runtime{Version: "17.0.9+9-LTS", Feature: "17.0.9", Implementor: "Acme", Build: "Acme-17.0.9+9", Kind: "JRE", Source: "https://example.com/jdk"}},
		{"JAVA_VERSION=\"1.8.0_412\"\nOS_NAME=\"Linux\"\n", Runtime{Version: "1.8.0_412", Feature: "1.8.0_412"}},
		{"JAVA_VERSION=\"21\"\nMODULES=\"java.base\"\n", Runtime{Version: "21", Feature: "21", Kind: "JRE"}},
		{"JAVA_VERSION=\"21\"\nMODULES=\"java.base jdk.compiler\"\nGRAALVM_VERSION=\"23.1.0\"\n", Runtime{Version: "21", Feature: "21", Kind: "JDK", GraalVM: "23.1.0"}},
		{"JAVA_RUNTIME_VERSION=\"21.0.1+12\"\n", Runtime{Version: "21.0.1+12", Feature: "21.0.1"}},
	} {
		got, err := Read([]byte(tt.text))
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		got.Modules = nil
		if !same(*got, tt.want) {
			t.Errorf("%q: %+v, want %+v", tt.text, *got, tt.want)
		}
	}
	for _, text := range []string{"", "IMPLEMENTOR=\"Acme\"\n", "JAVA_VERSION=\"two words\"\n"} {
		if r, err := Read([]byte(text)); !errors.Is(err, detect.ErrFormat) {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}

func same(a, b Runtime) bool {
	return a.Version == b.Version && a.Feature == b.Feature && a.Implementor == b.Implementor && a.Build == b.Build && a.Kind == b.Kind && a.Source == b.Source && a.GraalVM == b.GraalVM
}

func TestIs(t *testing.T) {
	for _, tt := range []struct {
		path, head string
		want       bool
	}{
		{"opt/java/release", "IMPLEMENTOR=\"Acme\"\n", true},
		{"opt/java/release", "OS=\"x\"\nJAVA_VERSION=\"1\"\n", true},
		{"etc/release", "NAME=x\n", false},
		{"opt/java/releases", "JAVA_VERSION=\"1\"\n", false},
		{"opt/java/release", "", false},
	} {
		if got := Is(tt.path, []byte(tt.head)); got != tt.want {
			t.Errorf("%s %q: %t", tt.path, tt.head, got)
		}
	}
}

// TestSystem reads the runtimes of this machine: their directories have the version in
// their names.
func TestSystem(t *testing.T) {
	files, _ := filepath.Glob("/usr/lib/jvm/*/release")
	if len(files) == 0 {
		t.Skip("no Java on this machine")
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Read(b)
		if err != nil || !Is(file, b[:min(len(b), detect.HeadSize)]) {
			t.Errorf("%s: %v", file, err)
			continue
		}
		major, _, _ := strings.Cut(r.Feature, ".")
		if !strings.Contains(file, major) || len(r.Modules) == 0 || r.Implementor == "" {
			t.Errorf("%s: %+v", file, r)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("JAVA_VERSION=\"21\"\nMODULES=\"java.base\"\n"))
	f.Add([]byte("IMPLEMENTOR=\"Acme\"\nJAVA_RUNTIME_VERSION=\"17.0.9+9-LTS\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read(data)
		if err != nil {
			if !errors.Is(err, detect.ErrFormat) {
				t.Errorf("error %v", err)
			}
			return
		}
		for _, v := range []string{r.Version, r.Feature} {
			if v != "" && (!strings.Contains(string(data), v) || strings.ContainsAny(v, " \n")) {
				t.Errorf("version %q", v)
			}
		}
	})
}
