package rpm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/internal/rpmdb"
	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
)

// manifestFields are the fields of a line, separated by tabs: name,
// version-release, time of installation, time of build, vendor, epoch, size,
// architecture, epoch as a number, source archive.
const manifestFields = 10

// readManifest reads a list of packages. It records no files.
func (db *database) readManifest(f *detect.File) error {
	data, err := f.Bytes(maxManifest)
	if err != nil {
		if _, ok := err.(*detect.LimitError); ok {
			return err
		}
		return fmt.Errorf("%s: %w: %w", f.Path, detect.ErrFormat, err)
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) == "" {
			continue
		}
		p := manifestPackage(line)
		switch {
		case p == nil || !ospkg.ValidName(p.Name):
			db.gaps.Add(sbom.GapCorrupt, "line %d names no package: %s", n, ospkg.Clip(line))
		case len(db.frag.Components) == maxPackages:
			db.finish()
			return &detect.LimitError{Path: db.path, Limit: maxPackages, What: "packages"}
		case p.Name != publicKey:
			db.add(db.component(p), record{})
		}
	}
	db.finish()
	return nil
}

// manifestPackage returns the package of a line, nil when it is malformed.
func manifestPackage(line string) *rpmdb.Package {
	fields := strings.Split(line, "\t")
	if len(fields) < manifestFields {
		return nil
	}
	version, release, _ := strings.Cut(fields[1], "-")
	p := &rpmdb.Package{Name: fields[0], Version: version, Release: release, Epoch: -1, Vendor: fields[4], Arch: fields[7], SourceRPM: fields[9]}
	if epoch, err := strconv.ParseUint(fields[8], 10, 32); err == nil {
		p.Epoch = int64(epoch)
	}
	return p
}
