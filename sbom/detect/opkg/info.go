package opkg

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/deb822"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// readList claims the files of a package: a path a line, and in newer versions a tab
// and the mode in octal, and of a symbolic link another tab and its target.
func (db *database) readList(text string) error {
	n := 0
	for line := range strings.Lines(text) {
		if n++; n&0xfff == 0 && db.Ctx.Err() != nil {
			return db.Ctx.Err()
		}
		recorded, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
		mode, _, _ := strings.Cut(rest, "\t")
		if recorded == "" || recorded == "/." || directory(mode) {
			continue
		}
		if err := db.Claims.Add(detect.Claim{Key: db.key(db.name)}, recorded, &db.Gaps); err != nil {
			return err
		}
	}
	return nil
}

// directory reports whether a mode is that of a directory (inode(7), S_IFDIR).
func directory(mode string) bool {
	mode = strings.TrimLeft(mode, "0")
	return len(mode) == 5 && mode[0] == '4'
}

// readSums claims the files of a table of digests, as sha256sum(1) writes it.
func (db *database) readSums(text string) error {
	for line := range strings.Lines(text) {
		if err := db.Ctx.Err(); err != nil {
			return err
		}
		hash, recorded, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if recorded = strings.TrimLeft(recorded, " *"); !ok || recorded == "" {
			if strings.TrimSpace(line) != "" {
				db.Gaps.Add(sbom.GapCorrupt, "a line has no digest and path: %s", ospkg.Clip(line))
			}
			continue
		}
		c := detect.Claim{Key: db.key(db.name), Digest: db.digest(hash, recorded)}
		if err := db.Claims.Add(c, recorded, &db.Gaps); err != nil {
			return err
		}
	}
	return nil
}

// sourceFields are the fields of a control file that become properties: the source
// package of OpenWrt and Yocto, and OpenWrt's CPE.
var sourceFields = []string{"Source", "SourceName", "CPE-ID", "ABIVersion"}

// readControl annotates the package with what its control file says and status
// does not.
func (db *database) readControl(text string) {
	for s := range deb822.Stanzas(text) {
		for _, p := range s.Problems {
			db.Gaps.Add(sbom.GapCorrupt, "%s", p)
		}
		a := detect.Annotation{Key: db.key(db.name), Licenses: ospkg.Licenses(s.Get("License"), db.path, licenseNames)}
		for _, field := range sourceFields {
			if v := ospkg.Text(s.Get(field)); v != "" {
				a.Properties = append(a.Properties, sbom.Property{Name: "opkg:" + strings.ToLower(field), Value: v})
			}
		}
		if len(a.Licenses)+len(a.Properties) > 0 {
			db.Frag.Annotations = append(db.Frag.Annotations, a)
		}
		return // A control file has one stanza.
	}
}
