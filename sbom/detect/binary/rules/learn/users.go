package main

import (
	"archive/tar"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/unwind"
)

// maxUser is the size in bytes of the largest package that is looked through for copies of the
// functions of others.
const maxUser = 1 << 20

// user is the functions in the programs and shared libraries of one source.
type user struct {
	Source    string
	Functions []uint64
}

// harvestUsers looks at the programs and shared libraries of suites, and writes a record for
// each source that has none yet. What says that it was built with static libraries of others
// is left out.
func harvestUsers(m *mirror, suites []string, records string, workers int) error {
	var g errgroup.Group
	g.SetLimit(workers)
	for _, suite := range suites {
		plan, err := m.plan(suite)
		if err != nil {
			return err
		}
		for i, name := range slices.Sorted(maps.Keys(plan)) {
			file := filepath.Join(records, suite, name+".json.zst")
			if i%1000 == 0 {
				log.Printf("%s: source %d of %d", suite, i, len(plan))
			}
			packages := slices.DeleteFunc(plan[name], func(p *pkg) bool { return p.Size > maxUser || p.static })
			if _, err := os.Stat(file); err == nil || len(packages) == 0 {
				continue
			}
			g.Go(func() error {
				u, err := m.lookAtUser(name, packages)
				if err != nil {
					log.Printf("%s %s: %v", suite, name, err)
					return nil
				}
				return writeRecord(file, u)
			})
		}
	}
	return g.Wait()
}

func (m *mirror) lookAtUser(name string, packages []*pkg) (*user, error) {
	found := make(map[uint64]bool)
	for _, p := range packages {
		if err := m.eachFile(p, eachEntry, func(t *tar.Header, r io.Reader) error {
			if strings.HasSuffix(t.Name, "/copyright") {
				return nil
			}
			_, err := io.Copy(&unwind.Reader{Function: func(f uint64, _, _ int64) { found[f] = true }}, r)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return &user{name, slices.Sorted(maps.Keys(found))}, nil
}

// copied returns the functions of which others than the source have a copy: the code is of
// neither, or passed on as source. It calls owner for the source of a function.
func copied(dir, suite string, owner func(uint64) string) (map[uint64]bool, error) {
	out := make(map[uint64]bool)
	files, err := filepath.Glob(filepath.Join(dir, suite, "*.zst"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		u := new(user)
		if err := readRecord(file, u); err != nil {
			return nil, err
		}
		for _, f := range u.Functions {
			if s := owner(f); s != "" && s != u.Source {
				out[f] = true
			}
		}
	}
	return out, nil
}
