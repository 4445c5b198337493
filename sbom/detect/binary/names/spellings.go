package names

import (
	"slices"
	"strings"
)

// anonymous are names of files that say nothing about them.
var anonymous = map[string]bool{"server": true, "app": true, "main": true, "bin": true, "native": true, "tool": true, "program": true, "test": true, "lib": true,
	"client": true, "daemon": true, "agent": true, "core": true, "plugin": true, "module": true, "index": true, "run": true, "start": true, "entrypoint": true}

// Anonymous reports whether a name, as [Key] has it, says nothing about a file.
func Anonymous(key string) bool { return anonymous[key] }

// Spellings returns the ways in which a program or library of that name, without what follows ".so",
// may call itself or its project, best first, as [Key] has them; none if the name says nothing.
// A name of several parts may be that of a project with something behind it: gdk-pixbuf-csource.
func Spellings(stem string) []string {
	var out []string
	add := func(s string) {
		if n := Key(s); len(n) > 1 && !anonymous[n] && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	add(stem)
	short := strings.TrimPrefix(stem, "lib")
	add(short)
	for _, s := range []string{stem, short} {
		bare := strings.TrimRight(s, "-.0123456789")
		add(bare)
		for i := strings.LastIndexAny(bare, "-_."); i > 2; i = strings.LastIndexAny(bare[:i], "-_.") {
			add(bare[:i])
			add(strings.TrimRight(bare[:i], "-.0123456789"))
		}
	}
	return out
}
