package binary

import "strings"

// Traits of programs that have a C library in them: what only its own code says.
const (
	traitGlibc = "GNU C library"
	traitMusl  = "musl"
)

// systems are releases of distributions: how the compiler of each signs what it makes, and
// the C libraries that come with it. A compiler of the same number in another release
// has another revision.
var systems = []struct{ compiler, glibc, musl string }{
	{"(Debian 10.2.1-6)", "2.31", "1.2.2"},        // 11
	{"(Debian 12.2.0-14", "2.36", "1.2.3"},        // 12
	{"(Debian 11.2.0-19)", "", "1.2.3"},           // 12: its musl is older than its compiler
	{"(Debian 14.2.0-19)", "2.41", "1.2.5"},       // 13
	{"(Ubuntu 9.4.0-1ubuntu1~20.04", "2.31", ""},  // 20.04
	{"(Ubuntu 11.4.0-1ubuntu1~22.04", "2.35", ""}, // 22.04
	{"(Ubuntu 13.3.0-6ubuntu2~24.04", "2.39", ""}, // 24.04
	{"(Red Hat 4.8.5-", "2.17", ""},               // 7
	{"(Red Hat 8.5.0-", "2.28", ""},               // 8
}

// fromCompiler takes the C library of a static program to be that of the system whose
// compiler made it: neither of them says its version, but for the compiler.
func (j *judge) fromCompiler() {
	if len(j.facts.Needed) > 0 {
		return
	}
	name := ""
	switch glibc, musl := j.has(traitGlibc), j.has(traitMusl); {
	case glibc && !musl:
		name = "glibc"
	case musl && !glibc:
		name = "musl"
	}
	product := j.row(name)
	if product == nil {
		return
	}
	version, by := "", ""
	for _, compiler := range j.report.Compilers {
		for _, s := range systems {
			v := s.glibc
			if name == "musl" {
				v = s.musl
			}
			if v == "" || !strings.Contains(compiler, s.compiler) {
				continue
			}
			if version != "" && v != version {
				return // Parts of several systems.
			}
			version, by = v, compiler
		}
	}
	if version != "" {
		j.claim(Contains, ruleCompiler, product, name, version, place{0, by}, 1)
	}
}
