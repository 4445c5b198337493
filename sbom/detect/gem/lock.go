package gem

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// isLock reports whether base is the name of a lock file of Bundler.
func isLock(base string) bool { return base == "Gemfile.lock" || base == "gems.locked" }

// lock collects the gems of one lock file. Sections begin with a word in capitals;
// two spaces of indentation are fields, four gems, six what these depend on.
type lock struct {
	list     *declared.List
	section  string
	remote   string
	revision string
	entries  []entry
	direct   map[string]bool
	hashes   map[string]sbom.Digest // by NAME (VERSION-PLATFORM)
	sections int                    // that are known, which a file of other content has none of
}

// entry is one gem.
type entry struct {
	name, version, platform string
	section, remote, commit string
	needs                   []string
}

func readLock(f *detect.File) (*detect.Fragment, error) {
	if declared.Foreign(f.Path) {
		return nil, nil
	}
	b, err := f.Bytes(maxLock)
	if err != nil {
		return nil, err
	}
	l := &lock{list: declared.New(f), direct: make(map[string]bool), hashes: make(map[string]sbom.Digest)}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if conflict(line) {
			if line[0] == '<' {
				l.list.Gaps.Add(sbom.GapCorrupt, "the lock file has a conflict that nobody resolved; both sides are listed")
			}
			continue
		}
		l.line(line)
		if len(l.entries) > declared.MaxPackages {
			break
		}
	}
	if l.sections == 0 && len(strings.TrimSpace(string(b))) > 0 {
		return nil, fmt.Errorf("%w: no section of a Gemfile.lock", detect.ErrFormat)
	}
	l.fill()
	return l.list.Fragment()
}

// conflict reports whether git wrote the line about a failed merge.
func conflict(line string) bool {
	for _, mark := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
		if strings.HasPrefix(line, mark) {
			return true
		}
	}
	return false
}

// line takes in one line.
func (l *lock) line(line string) {
	text := strings.TrimLeft(line, " ")
	switch indent := len(line) - len(text); {
	case text == "":
	case indent == 0:
		l.section, l.remote, l.revision = text, "", ""
		switch text {
		case "GEM", "GIT", "PATH", "PLUGIN SOURCE", "DEPENDENCIES", "PLATFORMS":
			l.sections++
		}
	case l.section == "DEPENDENCIES" && indent == 2:
		name, _, _ := strings.Cut(text, " ")
		l.direct[strings.TrimSuffix(name, "!")] = true
	case l.section == "CHECKSUMS" && indent == 2:
		l.checksum(text)
	case indent == 2:
		l.field(text)
	case indent == 4:
		l.gem(text)
	case indent == 6 && len(l.entries) > 0:
		name, _, _ := strings.Cut(text, " ")
		last := &l.entries[len(l.entries)-1]
		last.needs = append(last.needs, name)
	}
}

// checksum reads "NAME (VERSION-PLATFORM) sha256=HEX".
func (l *lock) checksum(text string) {
	gem, sum, ok := strings.Cut(text, ") ")
	if !ok {
		return
	}
	for sum := range strings.SplitSeq(sum, ",") {
		alg, hex, _ := strings.Cut(sum, "=")
		if d, err := sbom.ParseDigest(alg + ":" + hex); err == nil {
			l.hashes[gem+")"] = d
		}
	}
}

func (l *lock) field(text string) {
	key, value, _ := strings.Cut(text, ": ")
	switch key {
	case "remote":
		l.remote = strings.TrimSpace(l.remote + " " + value) // Of several, none is known to be a gem's.
	case "revision":
		l.revision = value
	}
}

// gem reads "NAME (VERSION-PLATFORM)". Versions have no dash.
func (l *lock) gem(text string) {
	if l.section != "GEM" && l.section != "GIT" && l.section != "PATH" {
		return
	}
	name, rest, _ := strings.Cut(text, " ")
	version, platform, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(rest, "("), ")"), "-")
	e := entry{name: validName(name), version: validVersion(version), platform: validName(platform), section: l.section, remote: l.remote, commit: l.revision}
	switch {
	case e.name == "":
		l.list.Gaps.Add(sbom.GapCorrupt, "the lock file names no valid gem in the line %q", oneline.Text(text, 80))
	case e.version == "":
		l.list.Gaps.Add(sbom.GapIncomplete, "the lock file states no valid version of the gem %s", e.name)
	default:
		l.entries = append(l.entries, e)
	}
}

// fill adds the gems to the list, and then, when all have their keys, how they
// depend on each other. Of a gem that is listed for several platforms, each
// depends on the first of another.
func (l *lock) fill() {
	keys := make(map[string]string)
	own := make([]string, len(l.entries))
	for i := range l.entries {
		e := &l.entries[i]
		own[i] = l.list.Add(l.component(e))
		if keys[e.name] == "" {
			keys[e.name] = own[i]
		}
		if l.list.Full() {
			return
		}
	}
	for i := range l.entries {
		for _, name := range l.entries[i].needs {
			l.list.Depend(own[i], keys[name])
		}
	}
}

// component describes a gem. One in a directory of the application's sources is
// nowhere published and has no package URL.
func (l *lock) component(e *entry) sbom.Component {
	c := sbom.Component{Name: e.name, Version: e.version, Architecture: e.platform}
	qualifiers := map[string]string{"platform": e.platform}
	switch e.section {
	case "PATH":
		c.Properties = statement.Property(c.Properties, "gem:path", e.remote)
	case "GIT":
		qualifiers["vcs_url"] = origin.Repository(e.remote, e.commit)
	default:
		c.Properties = statement.Property(c.Properties, "gem:remote", origin.Address(e.remote))
	}
	if e.section != "PATH" {
		c.PURL = sbom.NewPURL("gem", "", e.name, e.version, qualifiers)
	}
	if l.direct[e.name] {
		c.Properties = statement.Property(c.Properties, "gem:direct", "true")
	}
	full := e.version
	if e.platform != "" {
		full += "-" + e.platform
	}
	if d := l.hashes[e.name+" ("+full+")"]; d != "" {
		c.Hashes = []sbom.Digest{d}
	}
	return c
}
