package bundled

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

// Library is a project that a release was built from.
type Library struct {
	// Name is the project's, and Version the release or, as Bun lists some, the commit.
	Name, Version string
	// PURL is the type, namespace and name of the package URL, as in "npm/undici"; empty for a
	// project that package rules has a row of.
	PURL string
	// Listed is what the release's own list says, as in "zlib 1.3.0.1-motley-82a5fec".
	Listed string
}

//go:embed node.tsv
var node string

//go:embed bun.tsv
var bun string

//go:embed deno.tsv
var deno string

//go:embed vips.tsv
var vips string

//go:embed projects.tsv
var projectTable string

// tables are read when the first file is a release of the runtime.
var tables = map[string]func() Lists{"node": sync.OnceValue(read(node)), "bun": sync.OnceValue(read(bun)), "deno": sync.OnceValue(read(deno)),
	"vips": sync.OnceValue(read(vips))}

func read(table string) func() Lists {
	return func() Lists {
		l, err := Read(strings.NewReader(table))
		if err != nil {
			panic(err) // Not in a build whose tests pass.
		}
		return l
	}
}

// project is a row of projects.tsv: which project a runtime means by a key. Keys that are
// in no row are interfaces and data, or projects that Bun names because Node has them.
type project struct{ runtime, key, name, purl string }

var projects = sync.OnceValue(func() []project {
	var out []project
	for line := range strings.Lines(projectTable) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		out = append(out, project{f[0], f[1], f[2], f[3]})
	}
	return out
})

// Of returns what a release of "node", "bun", "deno" or "vips" was built from, in the order of
// projects.tsv; nil if the release is not known.
func Of(runtime, release string) []Library {
	table := tables[runtime]
	if table == nil {
		return nil
	}
	list := table()[release]
	var out []Library
	for _, p := range projects() {
		if v := list[p.key]; v != "" && p.runtime == runtime {
			out = append(out, Library{p.name, plain(v), p.purl, p.key + " " + v})
		}
	}
	return out
}

// local is what a runtime appends to the version of a project that it has patched.
var local = regexp.MustCompile(`(\+.*|-(node|rusty|motley)\b.*|-[0-9a-f]{7})$`)

// plain returns the project's own version.
func plain(version string) string { return local.ReplaceAllString(version, "") }
