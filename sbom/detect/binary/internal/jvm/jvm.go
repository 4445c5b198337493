// Package jvm reads the file "release" that every Java runtime has in its top directory,
// also those that jlink makes (JEP 220).
package jvm

import (
	"bufio"
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// MaxFile is the size in bytes of the largest file that is read.
const MaxFile = 256 << 10

const maxText = 256

// Runtime is what the file says. The zero value says nothing.
type Runtime struct {
	// Version is the version with its build, as in "17.0.15+6-Debian-1", and Feature that
	// of the platform: "17.0.15".
	Version, Feature string
	// Implementor is who built it, and Build the name that they have for this one.
	Implementor, Build string
	// Kind is "JDK" or "JRE", where it is stated or the modules tell.
	Kind string
	// Modules are those that it has, as listed.
	Modules []string
	// Source is the repository that it was built from, and GraalVM the version of that if
	// it is one.
	Source, GraalVM string
}

// Is reports whether a file may be that of a runtime, by its path and first bytes.
func Is(file string, head []byte) bool {
	if path.Base(file) != "release" {
		return false
	}
	for _, key := range []string{"JAVA_VERSION=", "IMPLEMENTOR=", "JAVA_RUNTIME_VERSION="} {
		if bytes.HasPrefix(head, []byte(key)) || bytes.Contains(head, []byte("\n"+key)) {
			return true
		}
	}
	return false
}

// Read reads the file. The error wraps detect.ErrFormat if it states no version.
func Read(b []byte) (*Runtime, error) {
	values := make(map[string]string)
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, MaxFile)
	for s.Scan() {
		if k, v, ok := strings.Cut(s.Text(), "="); ok && len(values) < 100 {
			values[k] = strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	get := func(key string) string { return oneline.Text(values[key], maxText) }
	r := &Runtime{Feature: oneline.Token(values["JAVA_VERSION"], maxText), Implementor: get("IMPLEMENTOR"), Build: get("IMPLEMENTOR_VERSION"),
		Kind: get("IMAGE_TYPE"), Modules: strings.Fields(values["MODULES"]), Source: get("SOURCE_REPO"), GraalVM: oneline.Token(values["GRAALVM_VERSION"], maxText)}
	for _, key := range []string{"JAVA_RUNTIME_VERSION", "FULL_VERSION", "JVM_VERSION", "SEMANTIC_VERSION", "JAVA_VERSION"} {
		if r.Version == "" {
			r.Version = oneline.Token(values[key], maxText)
		}
	}
	if r.Version == "" {
		return nil, fmt.Errorf("%w: a file \"release\" without a version of Java", detect.ErrFormat)
	}
	if r.Feature == "" {
		r.Feature, _, _ = strings.Cut(r.Version, "+")
	}
	if r.Kind == "" && len(r.Modules) > 0 {
		r.Kind = "JRE"
		for _, m := range r.Modules {
			if m == "jdk.compiler" {
				r.Kind = "JDK"
			}
		}
	}
	return r, nil
}
