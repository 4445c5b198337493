package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/imagetrust/imagetrust/sbom/detect/binary/internal/debarchive"
)

// errNone is the error for what an archive does not have.
var errNone = errors.New("not there")

// mirror is a suite of an archive of packages.
type mirror struct {
	url, suite, architecture string
	parallel                 int
}

// get returns a reader of a file.
func (m *mirror) get(ctx context.Context, name string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url+"/"+name, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		if resp.StatusCode == http.StatusNotFound {
			return nil, fmt.Errorf("%s: %w", name, errNone)
		}
		return nil, fmt.Errorf("%s: %s", name, resp.Status)
	}
	return resp.Body, nil
}

// read takes in all packages that may have programs. The error tells of those that could not be
// read; another run tries these again.
func (m *mirror) read(ctx context.Context, s *store) error {
	packages, err := m.plan(ctx)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var failed []error
	g := new(errgroup.Group)
	g.SetLimit(max(1, m.parallel))
	for _, p := range packages {
		if s.has(p) || ctx.Err() != nil {
			continue
		}
		g.Go(func() error {
			if err := m.take(ctx, s, p); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, fmt.Errorf("%s: %w", p.Name, err))
			}
			return nil
		})
	}
	_ = g.Wait() // The errors are in failed.
	return errors.Join(append(failed, ctx.Err())...)
}

// plan returns the packages to read, the smallest first.
func (m *mirror) plan(ctx context.Context) ([]*debarchive.Package, error) {
	dir := "dists/" + m.suite + "/main/"
	packages, err := list(ctx, m, dir+"binary-"+m.architecture+"/Packages.xz", debarchive.ReadPackages)
	if err != nil {
		return nil, err
	}
	files, err := list(ctx, m, dir+"Contents-"+m.architecture+".gz", debarchive.ReadContents)
	if err != nil && !errors.Is(err, errNone) {
		return nil, err
	}
	packages = slices.DeleteFunc(packages, func(p *debarchive.Package) bool {
		if len(p.BuildIDs) > 0 {
			return false
		}
		// Archives of security updates have no list of files.
		return p.Architecture != m.architecture || leftOut(p.Name) || files != nil && !files[p.Name]
	})
	slices.SortFunc(packages, func(a, b *debarchive.Package) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Name, b.Name))
	})
	return packages, nil
}

// list returns what a list of the archive says.
func list[T any](ctx context.Context, m *mirror, name string, read func(io.Reader) (T, error)) (out T, err error) {
	body, err := m.get(ctx, name)
	if err != nil {
		return out, err
	}
	defer body.Close()
	plain, err := debarchive.Decompress(name, body)
	if err != nil {
		return out, err
	}
	out, err = read(plain)
	return out, errors.Join(err, plain.Close())
}

// take takes in one package. One of debugging symbols says in the list what is asked for.
func (m *mirror) take(ctx context.Context, s *store, p *debarchive.Package) error {
	if len(p.BuildIDs) > 0 {
		return s.put(symbolsOf(p))
	}
	body, err := m.get(ctx, p.Filename)
	if err != nil {
		return err
	}
	defer body.Close()
	sum := sha256.New()
	in := io.TeeReader(body, sum)
	said, found, err := s.programs(in)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != p.SHA256 || idOf(said) != idOf(p) {
		return fmt.Errorf("%s is not what the list says", p.Filename)
	}
	return s.put(p, found)
}

// symbolsOf returns the package that a package of debugging symbols is for, with its
// programs.
func symbolsOf(p *debarchive.Package) (*debarchive.Package, []program) {
	of := *p
	of.Name = strings.TrimSuffix(p.Name, "-dbgsym")
	var out []program
	for _, id := range p.BuildIDs {
		if raw, err := hex.DecodeString(id); err == nil {
			out = append(out, program{buildID: raw})
		}
	}
	return &of, out
}
