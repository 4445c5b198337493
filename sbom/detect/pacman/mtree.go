package pacman

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// maxLine is the length of the longest line of an mtree: a path with every byte
// escaped, and its attributes.
const maxLine = 4*ospkg.MaxPath + 4096

// readMtree claims the files of an mtree, which is compressed.
func (db *database) readMtree(f *detect.File) error {
	r, err := gzip.NewReader(f.Reader())
	if err != nil {
		return db.malformed(err)
	}
	limited := &io.LimitedReader{R: r, N: maxFile}
	lines := bufio.NewScanner(limited)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	m := mtree{defaults: make(map[string]string)}
	for n := 1; lines.Scan(); n++ {
		if n&0xfff == 0 && db.Ctx.Err() != nil {
			return db.Ctx.Err()
		}
		if err := db.line(&m, lines.Text(), n); err != nil {
			return err
		}
	}
	switch {
	case limited.N <= 0:
		return &detect.LimitError{Path: db.path, Limit: maxFile}
	case lines.Err() != nil:
		return db.malformed(lines.Err())
	}
	return nil
}

func (db *database) malformed(err error) error {
	return fmt.Errorf("%s: %w: %w", db.path, detect.ErrFormat, err)
}

// mtree is the state of a reader of mtree(5).
type mtree struct {
	defaults map[string]string // by /set
}

// line reads one line.
func (db *database) line(m *mtree, line string, n int) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 0 || words[0][0] == '#':
		return nil
	case words[0] == "/set":
		for _, w := range words[1:] {
			if k, v, ok := strings.Cut(w, "="); ok && k == "type" {
				m.defaults[k] = v
			}
		}
		return nil
	case words[0] == "/unset":
		clear(m.defaults)
		return nil
	case !strings.HasPrefix(words[0], "./"):
		db.Gaps.Add(sbom.GapCorrupt, "line %d has no path of the package: %s", n, ospkg.Clip(words[0]))
		return nil
	}
	recorded := unescape(words[0][len("./"):])
	if strings.HasPrefix(recorded, ".") && !strings.Contains(recorded, "/") {
		return nil // .PKGINFO, .INSTALL and the like are of the archive only.
	}
	return db.entry(recorded, words[1:], m.defaults["type"])
}

// entry claims the file of one line, from its attributes.
func (db *database) entry(recorded string, attributes []string, kind string) error {
	var sha256, md5 string
	for _, w := range attributes {
		switch k, v, _ := strings.Cut(w, "="); k {
		case "type":
			kind = v
		case "sha256", "sha256digest":
			sha256 = v
		case "md5", "md5digest":
			md5 = v
		}
	}
	c := detect.Claim{Key: db.alias()}
	switch {
	case kind == "dir":
		return nil
	case kind != "file" && kind != "":
	case sha256 != "":
		c.Digest = db.digest("sha256:"+sha256, recorded)
	case md5 != "":
		c.Digest = db.digest("md5:"+md5, recorded)
	}
	return db.Claims.Add(c, recorded, &db.Gaps)
}

func (db *database) digest(s, of string) sbom.Digest {
	d, err := sbom.ParseDigest(s)
	if err != nil {
		db.Gaps.Add(sbom.GapCorrupt, "the digest of %s is malformed: %s", ospkg.Clip(of), ospkg.Clip(s))
	}
	return d
}

// unescape replaces the escapes of a name: a backslash and three octal digits, as
// libarchive writes all bytes that are not letters, digits or harmless marks.
func unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexByte(s, '\\') {
		b.WriteString(s[:i])
		s = s[i:]
		if len(s) >= 4 && '0' <= s[1] && s[1] <= '3' && octal(s[2]) && octal(s[3]) {
			b.WriteByte((s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0'))
			s = s[4:]
			continue
		}
		b.WriteByte('\\')
		s = s[1:]
	}
	b.WriteString(s)
	return b.String()
}

func octal(c byte) bool { return '0' <= c && c <= '7' }
