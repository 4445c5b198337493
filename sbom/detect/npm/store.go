package npm

import (
	"path"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
)

// maxRelations bounds what one lock file among installed packages says.
const maxRelations = 200_000

// links collects what a lock file says about the packages in the directories beside
// it, which their own manifests describe.
type links struct {
	path string
	frag detect.Fragment
	left int64 // bytes of fragment
}

func newLinks(f *detect.File) *links { return &links{path: f.Path, left: 1<<19 + 32*f.Size} }

// depend says that the package in the directory from loads that in the directory to.
func (l *links) depend(from, to string) {
	if l.spend(len(from)+len(to)+60) && len(l.frag.Relations) <= maxRelations {
		l.frag.Relations = append(l.frag.Relations, detect.Relation{From: from, To: to, Type: sbom.DependsOn})
	}
}

// resolved says where the package in a directory comes from, and the digests of its
// archive.
func (l *links) resolved(dir string, p *node.Package) {
	a := detect.Annotation{Key: dir, Hashes: p.Digests(), References: p.References(), Properties: p.Properties(), Qualifiers: p.Qualifiers()}
	if a.Hashes == nil && a.References == nil && a.Properties == nil && a.Qualifiers == nil {
		return
	}
	if l.spend(len(dir) + 2*len(p.Resolved) + 2*len(p.Integrity) + len(p.SHA1) + 160) {
		l.frag.Annotations = append(l.frag.Annotations, a)
	}
}

func (l *links) spend(n int) bool {
	l.left -= int64(n)
	return l.left >= 0
}

// fragment returns what was collected.
func (l *links) fragment(err error) (*detect.Fragment, error) {
	if err == nil && (l.left < 0 || len(l.frag.Relations) > maxRelations) {
		err = &detect.LimitError{Path: l.path, Limit: maxRelations, What: "dependencies"}
	}
	if len(l.frag.Relations)+len(l.frag.Annotations) == 0 {
		return nil, err
	}
	return &l.frag, err
}

// readHiddenLock reads the lock file that npm, since version 7, keeps of what it has
// installed in a node_modules.
func readHiddenLock(f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(node.MaxLock)
	if err != nil {
		return nil, err
	}
	lock, err := node.ParsePackageLock(b)
	if lock == nil {
		return nil, err
	}
	root := path.Dir(path.Dir(f.Path))
	l := newLinks(f)
	for _, dirs := range [][]string{lock.Own, lock.Dirs} {
		for _, dir := range dirs {
			to, complete := lock.Dependencies(dir)
			if !complete && err == nil {
				err = &detect.LimitError{Path: "dependencies", Limit: node.MaxLookups, What: "directories looked into"}
			}
			for _, t := range to {
				l.depend(path.Join(root, dir), path.Join(root, t))
			}
		}
	}
	for _, dir := range lock.Dirs {
		l.resolved(path.Join(root, dir), lock.Package(dir))
	}
	return l.fragment(err)
}

// readPnpmStore reads the lock file that pnpm keeps of what is in its virtual store.
// The dependencies of a package there are symlinks beside it.
func readPnpmStore(f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(node.MaxLock)
	if err != nil {
		return nil, err
	}
	lock, err := node.ParsePnpmLock(b)
	store := path.Dir(f.Path)
	dirs := make(map[string]string, len(lock.IDs))
	for _, id := range lock.IDs {
		if dir := lock.StoreDir(id); dir != "" {
			dirs[id] = path.Join(store, dir)
		}
	}
	l := newLinks(f)
	for _, id := range lock.IDs {
		if dirs[id] == "" {
			continue
		}
		for _, to := range lock.Dependencies(id) {
			if dirs[to] != "" {
				l.depend(dirs[id], dirs[to])
			}
		}
		l.resolved(dirs[id], lock.Package(id))
	}
	root := path.Dir(path.Dir(store))
	for importer, ids := range lock.Importers() {
		for _, id := range ids {
			if dirs[id] != "" {
				l.depend(path.Join(root, importer), dirs[id])
			}
		}
	}
	return l.fragment(err)
}
