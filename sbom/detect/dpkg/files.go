package dpkg

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// claim adds a claim on a recorded path, which the fragment keeps. A path that no
// file can have is a gap; the root directory is none.
func (db *database) claim(c detect.Claim, recorded string) error {
	if len(db.frag.Claims) == maxClaims {
		return &detect.LimitError{Path: db.path, Limit: maxClaims, What: "paths"}
	}
	p, ok := ospkg.Path(db.root, recorded)
	switch {
	case !ok:
		db.gaps.Add(sbom.GapCorrupt, "%s records the impossible path %s", c.Key, ospkg.Clip(recorded))
	case p != "":
		if db.paths -= int64(len(p)); db.paths < 0 {
			return &detect.LimitError{Path: db.path, Limit: ospkg.PathBudget(int64(len(db.text))), What: "bytes of paths"}
		}
		c.Path = p
		c.Optional = c.Optional || ospkg.Optional(db.relative(p))
		db.frag.Claims = append(db.frag.Claims, c)
	}
	return nil
}

// relative undoes what db.root adds to a path.
func (db *database) relative(p string) string {
	if db.root == "" {
		return p
	}
	return p[len(db.root)+1:]
}

// digest returns the digest of a recorded hash: md5 in dpkg, sha256 in its
// relatives. Anything else is a gap, and no digest.
func (db *database) digest(hash, recorded string) sbom.Digest {
	alg := "md5:"
	if len(hash) == 64 {
		alg = "sha256:"
	}
	d, err := sbom.ParseDigest(alg + hash)
	if err != nil {
		db.gaps.Add(sbom.GapCorrupt, "the digest %s of %s is malformed", ospkg.Clip(hash), ospkg.Clip(recorded))
	}
	return d
}

// readList reads info/NAME.list: one path a line, directories included.
func (db *database) readList(name string) error {
	paths := slices.Collect(deb822.Lines(db.text))
	slices.SortFunc(paths, comparePaths)
	key := db.key(name)
	for i, p := range paths {
		if i&0xfff == 0 && db.ctx.Err() != nil {
			return stopped(db.path, db.ctx.Err())
		}
		if i+1 < len(paths) && (paths[i+1] == p || holds(p, paths[i+1])) {
			continue
		}
		if err := db.claim(detect.Claim{Key: key}, p); err != nil {
			return err
		}
	}
	return nil
}

// comparePaths orders paths so that what lies in a directory follows it: the
// slash is the smallest byte.
func comparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			continue
		}
		if a[i] == '/' {
			return -1
		}
		if b[i] == '/' {
			return 1
		}
		return int(a[i]) - int(b[i])
	}
	return len(a) - len(b)
}

// holds reports whether dir is a directory on the way to p.
func holds(dir, p string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && p[:len(dir)] == dir
}

// readSums reads a table of md5sum(1): "HASH  path", the path without a leading
// slash. A "*" before the path marks binary mode.
func (db *database) readSums(key string) error {
	n := 0
	for line := range strings.SplitSeq(db.text, "\n") {
		if n++; n&0xfff == 0 && db.ctx.Err() != nil {
			return stopped(db.path, db.ctx.Err())
		}
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		hash, recorded, ok := strings.Cut(line, " ")
		recorded = strings.TrimLeft(recorded, " *")
		if !ok || recorded == "" {
			db.gaps.Add(sbom.GapCorrupt, "line %d is no digest and path: %s", n, ospkg.Clip(line))
			continue
		}
		if err := db.claim(detect.Claim{Key: key, Digest: db.digest(hash, recorded)}, recorded); err != nil {
			return err
		}
	}
	return nil
}

// readDiversions reads groups of three lines: from, to, package; the package of
// a local diversion is ":".
func (db *database) readDiversions() error {
	lines := slices.Collect(deb822.Lines(db.text))
	if len(lines) > 3*maxClaims {
		return &detect.LimitError{Path: db.path, Limit: 3 * maxClaims, Size: int64(len(lines)), What: "lines"}
	}
	for ; len(lines) >= 3; lines = lines[3:] {
		from, ok1 := ospkg.Path(db.root, lines[0])
		to, ok2 := ospkg.Path(db.root, lines[1])
		by := lines[2]
		if !ok1 || !ok2 || from == "" || to == "" || by != ":" && !ospkg.ValidName(by) {
			db.gaps.Add(sbom.GapCorrupt, "diversion of %s to %s by %s is malformed",
				ospkg.Clip(lines[0]), ospkg.Clip(lines[1]), ospkg.Clip(by))
			continue
		}
		d := detect.Diversion{From: from, To: to}
		if by != ":" {
			d.By = db.key(by)
		}
		db.frag.Diversions = append(db.frag.Diversions, d)
	}
	if len(lines) > 0 {
		db.gaps.Add(sbom.GapCorrupt, "the last diversion is cut off after %s", ospkg.Clip(lines[0]))
	}
	return nil
}

func unreadJournal() *detect.Fragment {
	return &detect.Fragment{Gaps: []sbom.Gap{{
		Kind:    sbom.GapUnsupported,
		Message: "dpkg was interrupted: its journal holds changes to the status file that were not read",
	}}}
}

// stopped is the error of a detection that its context ended.
func stopped(p string, err error) error {
	if err == context.Canceled || err == context.DeadlineExceeded {
		return err
	}
	return fmt.Errorf("%s: %w", p, err)
}
