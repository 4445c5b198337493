package java

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// fileName is what the name of an archive says by Maven's convention,
// ARTIFACT-VERSION[-CLASSIFIER].EXTENSION.
type fileName struct {
	stem       string // without the extension
	artifact   string // stem, if there is no version
	version    string
	classifier string
}

// A version begins at a "-" with a digit behind it, and everything behind that
// is numbers, known qualifiers and at last a known classifier: the version in
// log4j-1.2-api-2.17.1 is 2.17.1, in foo-1.0-beta-2 it is 1.0-beta-2.
var fileNamePattern = regexp.MustCompile(`(?i)^(.+?)-(v?\d[0-9a-z_]*(?:[.][0-9a-z_]+)*` +
	`(?:[-+~]+(?:alpha|beta|rc|cr|m|snapshot|final|ga|release|sp|pre|dev|jre|jdk|android|incubating|stable|b|build|r|svn|git|dfsg|ds|\d)[0-9.]*)*)` +
	`(?:-(sources|javadoc|tests|test-sources|all|uber|shaded|exec|fat|jakarta|no_aop|jar-with-dependencies|` +
	`(?:linux|osx|windows|natives|macosx|android)[-_a-z0-9]*))?$`)

func parseFileName(base string) fileName {
	f := fileName{stem: strings.TrimSuffix(base, path.Ext(base))}
	f.artifact = f.stem
	if m := fileNamePattern.FindStringSubmatch(f.stem); m != nil && token(m[1]) != "" {
		f.artifact, f.version, f.classifier = m[1], versionToken(m[2]), strings.ToLower(m[3])
	}
	return f
}

// names tells how well the file name fits coordinates: 0 not at all, then by
// the artifact id alone, with some other version, and with the version.
func (f fileName) names(c coordinates) int {
	rest, ok := strings.CutPrefix(f.stem, c.artifact)
	switch {
	case !ok || c.artifact == "":
		return 0
	case c.version != "" && (rest == "-"+c.version || strings.HasPrefix(rest, "-"+c.version+"-")):
		return 3
	case rest == "":
		return 1
	case len(rest) > 1 && rest[0] == '-' && rest[1] >= '0' && rest[1] <= '9' && f.artifact == c.artifact:
		return 2
	}
	return 0
}

// classifierOf returns the classifier of the file of coordinates.
func (f fileName) classifierOf(c coordinates) string {
	if rest, ok := strings.CutPrefix(f.stem, c.artifact+"-"+c.version+"-"); ok {
		return token(rest)
	}
	return f.classifier
}

// layout returns the coordinates that the path of an archive states because it
// lies in a local Maven repository (.m2/repository, Debian's maven-repo) or in
// Gradle's cache.
func layout(p string) (coordinates, bool) {
	segs := strings.Split(p, "/")
	n := len(segs)
	if n >= 6 && segs[n-6] == "files-2.1" {
		return check(coordinates{segs[n-5], segs[n-4], segs[n-3]}, segs[n-1])
	}
	if n < 4 {
		return coordinates{}, false
	}
	dirs := segs[:n-3]
	root := -1
	for i, dir := range dirs {
		if i > 0 && dirs[i-1] == ".m2" && dir == "repository" || dir == "maven-repo" || dir == "maven2" {
			root = i
			break
		}
	}
	if i := slices.Index(dirs, "repository"); root < 0 && i >= 0 && !slices.Contains(dirs[i+1:], "repository") {
		root = i
	}
	if root < 0 || root+1 == len(dirs) {
		return coordinates{}, false
	}
	return check(coordinates{strings.Join(dirs[root+1:], "."), segs[n-3], segs[n-2]}, segs[n-1])
}

// check requires that the file's name repeats the directories.
func check(c coordinates, base string) (coordinates, bool) {
	ok := token(c.group) != "" && token(c.artifact) != "" && versionToken(c.version) != "" &&
		parseFileName(base).names(c) == 3
	return c, ok
}
