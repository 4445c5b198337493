package golang

import (
	"debug/buildinfo"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// stated is a version of the main module, how sure it is, and what says so.
type stated struct {
	version    string
	confidence float64
	found      string
}

// mainVersion returns the version of the main module (see the package's
// documentation for the order), the zero value when there is none.
func mainVersion(bi *buildinfo.BuildInfo) stated {
	stamped := moduleVersion(bi.Main.Version)
	if stamped != "" && !untagged(stamped) {
		return stated{stamped, 1, stamped}
	}
	if v, flag := linkerVersion(setting(bi, "-ldflags"), roots(bi)); v != "" {
		return stated{v, 0.7, flag}
	}
	if stamped != "" {
		return stated{stamped, 0.9, stamped}
	}
	if v := revisionVersion(bi); v != "" {
		return stated{v, 0.6, "vcs.revision=" + oneline.Text(setting(bi, "vcs.revision"), maxValue)}
	}
	if v := release(bi.GoVersion); v != "" && (bi.Main.Path == "cmd" || bi.Main.Path == "" && strings.HasPrefix(bi.Path, "cmd/")) {
		return stated{v, 0.9, oneline.Text(bi.GoVersion, maxValue)}
	}
	return stated{}
}

func setting(bi *buildinfo.BuildInfo, key string) string {
	for _, s := range bi.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}

// untagged reports whether v is a pseudo-version of a repository without a tag:
// its numbers say nothing.
func untagged(v string) bool {
	v, _, _ = strings.Cut(v, "+")
	base, err := module.PseudoVersionBase(v)
	return err == nil && base == "" && module.IsPseudoVersion(v)
}

// revisionVersion makes the pseudo-version that the module system would give the
// stamped revision, marked "+dirty" as the toolchain does since Go 1.24 when
// files were changed.
func revisionVersion(bi *buildinfo.BuildInfo) string {
	rev := setting(bi, "vcs.revision")
	at, err := time.Parse(time.RFC3339Nano, setting(bi, "vcs.time"))
	if err != nil || len(rev) < 12 || strings.Trim(rev, "0123456789abcdef") != "" {
		return ""
	}
	_, major, _ := module.SplitPathVersion(bi.Main.Path)
	v := module.PseudoVersion(module.PathMajorPrefix(major), "", at, rev[:12])
	if setting(bi, "vcs.modified") == "true" {
		v += "+dirty"
	}
	return v
}

// variable names that hold the version of a program, best first.
var variables = []string{"version", "appversion", "buildversion", "releaseversion", "semver", "gitversion", "gittag", "tag"}

var versionLike = regexp.MustCompile(`^v?[0-9]+\.[0-9]+(\.[0-9]+)?([.+~-][0-9A-Za-z.+~-]+)?$`)

// roots are the paths under which the program's own packages are: the main
// module and modules in directories beside it, or, for a program built without
// modules, its repository.
func roots(bi *buildinfo.BuildInfo) []string {
	var out []string
	if bi.Main.Path != "" {
		out = append(out, bi.Main.Path)
	} else if segs := strings.SplitN(bi.Path, "/", 4); len(segs) > 2 && strings.Contains(segs[0], ".") {
		out = append(out, strings.Join(segs[:3], "/"))
	}
	for _, dep := range bi.Deps {
		if dep != nil && dep.Replace != nil && moduleVersion(dep.Replace.Version) == "" {
			out = append(out, dep.Path)
		}
	}
	return out
}

// linkerVersion returns the version that the linker flag -X sets in package main
// or a package under the roots, and the flag. Where two flags of the best name
// disagree, none is believed.
func linkerVersion(ldflags string, roots []string) (version, flag string) {
	best := len(variables)
	for _, f := range linkerVars(ldflags) {
		rank := f.rank(roots)
		if rank > best || rank == len(variables) || !versionLike.MatchString(f.value) || len(f.value) > 128 {
			continue
		}
		v := withV(f.value)
		if rank == best && v != version {
			version, flag = "", ""
			continue
		}
		best, version, flag = rank, v, "-X "+f.pkg+"."+f.name+"="+f.value
	}
	return version, flag
}

// withV spells a version as the module system does, where it is semantic.
func withV(v string) string {
	if !strings.HasPrefix(v, "v") && semver.IsValid("v"+v) {
		return "v" + v
	}
	return v
}

// linkerVar is a string variable set by -X.
type linkerVar struct{ pkg, name, value string }

// rank is the index of the variable's name in variables; len(variables) for one
// that is of no interest.
func (l linkerVar) rank(roots []string) int {
	own := l.pkg == "main"
	for _, root := range roots {
		own = own || root != "" && (l.pkg == root || strings.HasPrefix(l.pkg, root+"/"))
	}
	for i, v := range variables {
		if own && strings.EqualFold(l.name, v) {
			return i
		}
	}
	return len(variables)
}

// linkerVars returns what the -X flags in ldflags set.
func linkerVars(ldflags string) []linkerVar {
	var out []linkerVar
	words := fields(ldflags)
	for i := 0; i < len(words); i++ {
		w := strings.TrimPrefix(words[i], "-")
		assignment, ok := strings.CutPrefix(w, "-X=")
		if !ok {
			assignment, ok = strings.CutPrefix(w, "X=")
		}
		if w == "X" && words[i] == "-X" || w == "-X" {
			i++
			if i == len(words) {
				break
			}
			assignment, ok = words[i], true
		}
		if !ok {
			continue
		}
		target, value, _ := strings.Cut(assignment, "=")
		if dot := strings.LastIndexByte(target, '.'); dot > 0 {
			out = append(out, linkerVar{target[:dot], target[dot+1:], value})
		}
	}
	return out
}

// fields splits at white space outside of single and double quotes, which it
// removes, as the go command does with -ldflags.
func fields(s string) []string {
	var out []string
	for {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		if s == "" {
			return out
		}
		var word strings.Builder
		var quote rune
		end := len(s)
		for i, r := range s {
			switch {
			case quote == 0 && unicode.IsSpace(r):
				end = i
			case quote == 0 && (r == '"' || r == '\''):
				quote = r
				continue
			case r == quote && quote != 0:
				quote = 0
				continue
			}
			if end < len(s) {
				break
			}
			word.WriteRune(r)
		}
		out = append(out, word.String())
		s = s[end:]
	}
}

var releasePattern = regexp.MustCompile(`^go([0-9]+(?:\.[0-9]+){1,2}(?:(?:rc|beta)[0-9]+)?)(?:[-+ b].*)?$`)

// release returns the number of a Go release from the words of its toolchain:
// 1.22.3 from "go1.22.3", "go1.22.3 X:boringcrypto", "go1.22.3-vendor". It
// returns the empty string for a development version.
func release(goVersion string) string {
	if len(goVersion) > maxValue {
		return ""
	}
	m := releasePattern.FindStringSubmatch(goVersion)
	if m == nil {
		return ""
	}
	return m[1]
}
