package truth

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Collect reads the truth about the merged directory tree below root, which must
// have a dpkg database. layerOf names the layer that last said something about a path
// relative to root. Name and Layers of the result, and the layers of Debian packages,
// are the caller's to fill in; see [History].
func Collect(root string, layerOf func(path string) int) (*Image, error) {
	debs, err := Debs(root)
	if err != nil {
		return nil, err
	}
	c := &collector{root: root, img: new(Image)}
	for _, d := range debs {
		if d.leftover {
			c.img.Leftovers = append(c.img.Leftovers, d.Package)
		} else {
			c.img.Packages = append(c.img.Packages, d.Package)
		}
	}
	if c.files, err = readFiles(root, c.img.Packages); err != nil {
		return nil, err
	}
	if err := c.files.compare(c.img); err != nil {
		return nil, err
	}
	if err := filepath.WalkDir(root, c.visit); err != nil {
		return nil, err
	}
	c.finish(layerOf)
	return c.img, nil
}

// collector walks the tree once and hands each file to whom it may concern.
type collector struct {
	root  string
	img   *Image
	files *files
}

func (c *collector) visit(path string, d fs.DirEntry, err error) error {
	if err != nil || !d.Type().IsRegular() {
		return err
	}
	rel, err := filepath.Rel(c.root, path)
	if err != nil {
		return err
	}
	switch base := filepath.Base(rel); {
	case base == "package.json":
		return c.npm(rel)
	case base == "METADATA", base == "PKG-INFO", strings.HasSuffix(base, ".egg-info"):
		return c.python(rel)
	case strings.HasSuffix(base, ".gemspec"):
		return c.gem(rel)
	case isArchive(base):
		return c.archive(rel)
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 && c.files.owner[rel] == "" {
		c.img.Changes = append(c.img.Changes, Change{Kind: Unowned, Path: rel})
	}
	if info.Mode().Perm()&0o111 != 0 {
		return c.binary(rel)
	}
	return nil
}

func (c *collector) read(rel string) ([]byte, error) {
	return os.ReadFile(filepath.Join(c.root, rel))
}

// add adds a package whose metadata is at path.
func (c *collector) add(list *[]Package, e Ecosystem, name, version, path string) {
	outer, _, _ := strings.Cut(path, "!/")
	*list = append(*list, Package{Ecosystem: e, Name: name, Version: version, Path: path, Owner: c.files.owner[outer]})
}

// finish fills in the layers and sorts everything.
func (c *collector) finish(layerOf func(string) int) {
	for _, list := range [][]Package{c.img.Packages, c.img.Beside} {
		for i, p := range list {
			if p.Path != "" {
				outer, _, _ := strings.Cut(p.Path, "!/")
				list[i].Layer = layerOf(outer)
				list[i].Introduced = list[i].Layer
			}
		}
		slices.SortFunc(list, func(a, b Package) int {
			return cmp.Or(cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Path, b.Path))
		})
	}
	for i := range c.img.Changes {
		c.img.Changes[i].Layer = layerOf(c.img.Changes[i].Path)
	}
	slices.SortFunc(c.img.Changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
}
