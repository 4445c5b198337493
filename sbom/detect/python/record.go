package python

import (
	"bufio"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/oneline"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/origin"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/pep"
)

// Limits. The RECORD of the largest distributions known has about 20,000 lines
// and 3 MB.
const (
	maxRecord = 64 << 20
	maxSmall  = 1 << 20
	maxPath   = 4096
)

// readRecord turns a RECORD (PEP 376, 627) into claims: lines of path, digest and
// size, the path relative to the environment's directory.
func readRecord(p place, f *detect.File) (*detect.Fragment, error) {
	if f.Size > maxRecord {
		return nil, &detect.LimitError{Path: f.Path, Limit: maxRecord, Size: f.Size}
	}
	r := csv.NewReader(bufio.NewReader(f.Reader()))
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	frag := &detect.Fragment{}
	bad := 0
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return frag, fmt.Errorf("%w: %v", detect.ErrFormat, err)
		}
		c, ok := recordClaim(p, row)
		if !ok {
			bad++
		}
		if c.Path != "" {
			frag.Claims = append(frag.Claims, c)
		}
	}
	if bad > 0 {
		return frag, fmt.Errorf("%w: %d lines without a path or with a malformed digest", detect.ErrFormat, bad)
	}
	return frag, nil
}

// recordClaim reads one line. A line with a path and a malformed digest still
// claims the path.
func recordClaim(p place, row []string) (detect.Claim, bool) {
	c := detect.Claim{Key: p.meta, Path: resolve(p.site, row[0])}
	c.Optional = strings.HasSuffix(c.Path, ".pyc")
	if c.Path == "" || len(row) < 2 || row[1] == "" {
		return c, c.Path != ""
	}
	var err error
	c.Digest, err = recordDigest(row[1])
	return c, err == nil
}

// recordDigest reads "sha256=" and the digest in unpadded URL-safe base64, as
// PEP 427 has it, or in hexadecimal, as some build tools write it.
func recordDigest(s string) (sbom.Digest, error) {
	alg, sum, _ := strings.Cut(s, "=")
	if d, err := sbom.ParseDigest(alg + ":" + sum); err == nil {
		return d, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(sum, "="))
	if err != nil {
		return "", err
	}
	return sbom.ParseDigest(alg + ":" + hex.EncodeToString(raw))
}

// resolve returns the path of a recorded name. Names may be absolute and may
// climb out of the environment, to bin/ and share/; above the root there is
// only the root, as in a file system.
func resolve(site, name string) string {
	if name == "" || len(name) > maxPath || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return ""
	}
	if !path.IsAbs(name) {
		name = site + "/" + name
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// readInstaller reads the one line that names the program that installed the
// distribution (PEP 376).
func readInstaller(p place, f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(maxSmall)
	if err != nil {
		return nil, err
	}
	by := properties("python:installer", string(b))
	if by == nil {
		return nil, nil
	}
	return &detect.Fragment{Annotations: []detect.Annotation{{Key: p.meta, Properties: by}}}, nil
}

// readDirectURL reads where a distribution came from that was installed from an
// address and not from an index (PEP 610).
func readDirectURL(p place, f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(maxSmall)
	if err != nil {
		return nil, err
	}
	var d struct {
		URL string `json:"url"`
		VCS struct {
			Type   string `json:"vcs"`
			Commit string `json:"commit_id"`
		} `json:"vcs_info"`
		Archive struct {
			Hash   string            `json:"hash"`
			Hashes map[string]string `json:"hashes"`
		} `json:"archive_info"`
		Subdirectory string `json:"subdirectory"`
		Dir          struct {
			Editable bool `json:"editable"`
		} `json:"dir_info"`
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	a := detect.Annotation{Key: p.meta}
	typ, stated := origin.Distribution, d.URL
	if d.VCS.Type != "" {
		typ = origin.VCS
	}
	if a.References = origin.Refer(nil, typ, d.URL); a.References != nil {
		stated = "" // What is no address of a network is a property.
	}
	if d.VCS.Type != "" && d.VCS.Commit != "" {
		if repository := origin.Repository(d.VCS.Type+"+"+d.URL, d.VCS.Commit); repository != "" {
			a.Qualifiers = []sbom.Property{{Name: "vcs_url", Value: repository}}
		}
	}
	for _, algorithm := range []string{"sha256", "sha384", "sha512"} {
		if sum, err := recordDigest(algorithm + "=" + d.Archive.Hashes[algorithm]); err == nil {
			a.Hashes = append(a.Hashes, sum)
		}
	}
	if sum, err := recordDigest(d.Archive.Hash); err == nil && !slices.Contains(a.Hashes, sum) { // The older form.
		a.Hashes = append(a.Hashes, sum)
	}
	editable := ""
	if d.Dir.Editable {
		editable = "true"
	}
	a.Properties = properties("python:direct_url", origin.Address(stated), "python:vcs.commit", d.VCS.Commit,
		"python:subdirectory", d.Subdirectory, "python:editable", editable)
	if a.References == nil && a.Hashes == nil && a.Properties == nil {
		return nil, nil
	}
	return &detect.Fragment{Annotations: []detect.Annotation{a}}, nil
}

// properties returns those of the pairs that have a value.
func properties(pairs ...string) []sbom.Property {
	var out []sbom.Property
	for i := 0; i < len(pairs); i += 2 {
		if v := oneline.Text(pairs[i+1], maxText); v != "" {
			out = append(out, sbom.Property{Name: pairs[i], Value: v})
		}
	}
	return out
}

// readTopLevel claims the package directories of an egg-info directory, which
// has no RECORD.
func readTopLevel(p place, f *detect.File) (*detect.Fragment, error) {
	b, err := f.Bytes(maxSmall)
	if err != nil {
		return nil, err
	}
	frag := &detect.Fragment{}
	for name := range strings.FieldsSeq(string(b)) {
		if dir := path.Join(p.code, name); pep.ValidName(name) || identifier(name) {
			frag.Claims = append(frag.Claims, detect.Claim{Key: p.meta, Path: dir, Ground: sbom.ClaimDirectory, Tree: true})
		}
	}
	if len(frag.Claims) == 0 {
		return nil, nil
	}
	return frag, nil
}

// identifier reports whether s is the name of a Python module in ASCII.
func identifier(s string) bool {
	return strings.Trim(s, "_") != "" && pep.ValidName(strings.Trim(s, "_"))
}
