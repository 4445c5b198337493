package jslock

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/node"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
)

// denoPackages are the packages of a deno.lock, which has them in three places.
type denoPackages struct {
	Specifiers map[string]string       `json:"specifiers"` // requirement to version, or to id before version 4
	JSR        map[string]*denoPackage `json:"jsr"`
	NPM        json.RawMessage         `json:"npm"`
}

// denoPackage is one package. Its dependencies are a map of names to ids or, since
// version 4, a list of ids without the version where there is one only.
type denoPackage struct {
	Integrity    string          `json:"integrity"`
	Tarball      string          `json:"tarball"`
	Dependencies json.RawMessage `json:"dependencies"`
	Optional     json.RawMessage `json:"optionalDependencies"`
	Peers        json.RawMessage `json:"optionalPeers"`
}

func readDeno(l *list, b []byte) error {
	var doc struct {
		Version string `json:"version"`
		denoPackages
		Packages denoPackages      `json:"packages"` // version 3
		Remote   map[string]string `json:"remote"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	d := &denoLock{list: l, ids: make(map[string]string), single: make(map[string]string), edges: make(map[string][]string)}
	var err error
	switch doc.Version {
	case "2": // The npm packages are one level deeper.
		var npm struct {
			Packages map[string]*denoPackage `json:"packages"`
		}
		err = formatError(json.Unmarshal(doc.NPM, &npm))
		d.npm(npm.Packages)
	case "3":
		err = d.add(&doc.Packages)
	case "4", "5":
		err = d.add(&doc.denoPackages)
	default:
		err = fmt.Errorf("%w: lock file version %.20q", detect.ErrUnsupported, doc.Version)
	}
	d.connect()
	d.remote(doc.Remote)
	return err
}

func formatError(err error) error {
	if err != nil {
		return fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	return nil
}

// denoLock collects packages under "npm:" or "jsr:" and the id in the lock.
type denoLock struct {
	*list
	specifiers map[string]string
	ids        map[string]string   // keys, by id
	single     map[string]string   // keys by name, empty when several have it
	edges      map[string][]string // what an id depends on, by the id
}

func (d *denoLock) add(p *denoPackages) error {
	d.specifiers = p.Specifiers
	for _, id := range slices.Sorted(maps.Keys(p.JSR)) {
		name, version := node.SplitVersion(id)
		d.jsr(id, name, version, p.JSR[id])
	}
	if p.NPM == nil {
		return nil
	}
	var npm map[string]*denoPackage
	err := json.Unmarshal(p.NPM, &npm)
	d.npm(npm)
	return formatError(err)
}

func (d *denoLock) npm(packages map[string]*denoPackage) {
	for _, id := range slices.Sorted(maps.Keys(packages)) {
		e := packages[id]
		if e == nil {
			continue
		}
		name, version := node.SplitVersion(id)
		version, _, _ = strings.Cut(version, "_") // what follows are the peers
		key := d.list.add(id, &node.Package{Name: name, Version: version, Resolved: e.Tarball, Integrity: e.Integrity})
		d.file("npm:"+id, "npm:"+name, key, e)
	}
}

func (d *denoLock) jsr(id, name, version string, e *denoPackage) {
	if e == nil {
		return
	}
	c, ok := node.JSR(name, version)
	if !ok {
		d.Gaps.Add(sbom.GapIncomplete, "a package is locked as jsr:%.200q without a valid name and version", id)
		return
	}
	if sum, err := sbom.ParseDigest("sha256:" + e.Integrity); err == nil {
		c.Properties = []sbom.Property{{Name: "jsr:manifest", Value: string(sum)}}
	}
	d.file("jsr:"+id, "jsr:"+name, d.Add(c), e)
}

func (d *denoLock) file(id, name, key string, e *denoPackage) {
	d.ids[id] = key
	if other, ok := d.single[name]; ok && other != key {
		key = ""
	}
	d.single[name] = key
	for _, raw := range []json.RawMessage{e.Dependencies, e.Optional, e.Peers} {
		var list []string
		var byName map[string]string
		if json.Unmarshal(raw, &list) != nil && json.Unmarshal(raw, &byName) == nil {
			list = slices.Sorted(maps.Values(byName))
		}
		d.edges[id] = append(d.edges[id], list...)
	}
}

func (d *denoLock) connect() {
	for _, id := range slices.Sorted(maps.Keys(d.edges)) {
		for _, to := range d.edges[id] {
			d.Depend(d.ids[id], d.find(id[:4], to))
		}
	}
}

// find returns the key of what a dependency means: an id, a name that one package
// has, or, of JSR, a requirement. Without a registry it is of that of the package.
func (d *denoLock) find(registry, to string) string {
	if _, alias, ok := strings.Cut(to, "@npm:"); ok {
		to = "npm:" + alias
	}
	if !strings.HasPrefix(to, "npm:") && !strings.HasPrefix(to, "jsr:") {
		to = registry + to
	}
	if key := d.ids[to]; key != "" {
		return key
	}
	if key := d.single[to]; key != "" {
		return key
	}
	locked := d.specifiers[to]
	if !strings.Contains(locked, ":") { // Only the version, since version 4.
		name, _ := node.SplitVersion(to[4:])
		locked = to[:4] + name + "@" + locked
	}
	return d.ids[locked]
}

// remote names the modules of deno.land, whose addresses have name and version. Other
// addresses are of single files that may be anything.
func (d *denoLock) remote(files map[string]string) {
	anonymous := make(map[string]int) // by host
	for _, address := range slices.Sorted(maps.Keys(files)) {
		u, err := url.Parse(address)
		if err != nil {
			continue
		}
		if name, version, ok := denoLand(u); ok {
			d.Add(sbom.Component{Name: "deno.land/" + name, Version: version})
		} else {
			anonymous[u.Host]++
		}
	}
	for _, host := range slices.Sorted(maps.Keys(anonymous)) {
		d.Gaps.Add(sbom.GapIncomplete, "addresses of %.100q do not say what the modules (%d) are that are loaded from there", host, anonymous[host])
	}
}

// denoLand returns name and version in /std@VERSION/… and /x/NAME@VERSION/….
func denoLand(u *url.URL) (name, version string, ok bool) {
	if u.Host != "deno.land" {
		return "", "", false
	}
	dir := strings.TrimPrefix(u.Path, "/")
	prefix := ""
	if rest, third := strings.CutPrefix(dir, "x/"); third {
		prefix, dir = "x/", rest
	}
	name, version, _ = strings.Cut(before(dir, "/"), "@")
	version = oneline.Token(version, node.MaxVersion)
	return prefix + name, version, node.ValidName(name) && version != "" && (prefix != "" || name == "std")
}
