package rpmdb

import "errors"

// Package is what a header says about an installed package. Its strings are parts
// of one copy of the header.
type Package struct {
	Name, Version, Release string
	// Epoch is -1 when the header has none, which compares as 0.
	Epoch     int64
	Arch      string
	SourceRPM string
	Vendor    string
	Packager  string
	License   string
	Summary   string
	// URL is the home page, BugURL where to report bugs, and VCS the source
	// repository: an address behind the name of a tool, as "git:https://…".
	URL, BugURL, VCS string
	// ModularityLabel is "name:stream:version:context" of a module's package.
	ModularityLabel string
	Provides        []string
	Requires        []string
	// DigestAlgorithm is that of the files' digests, by the number of OpenPGP
	// (RFC 4880, 9.4): 1 MD5, the default, 2 SHA-1, 8 SHA-256, 9, 10, 11.
	DigestAlgorithm uint32
	Files           []File
	// Err is what of the header could not be read; the rest is there.
	Err error
}

// File is a file, directory or link of a package.
type File struct {
	// Dir ends in a slash; Base is the last element.
	Dir, Base string
	// Digest is in hexadecimal, empty for what is no regular file.
	Digest string
	// Mode has the bits of stat(2).
	Mode   uint32
	Flags  FileFlags
	State  FileState
	Verify VerifyFlags
}

// Directory reports whether the file is one.
func (f *File) Directory() bool { return f.Mode&0o170000 == 0o040000 }

// Regular reports whether the file is one with content, as is one without a
// recorded mode.
func (f *File) Regular() bool { return f.Mode == 0 || f.Mode&0o170000 == 0o100000 }

// FileFlags are the attributes of a file (rpm, rpmfiles.h).
type FileFlags uint32

// The attributes that matter to whether a file must be there unchanged.
const (
	FlagConfig    FileFlags = 1 << 0
	FlagDoc       FileFlags = 1 << 1
	FlagMissingOK FileFlags = 1 << 3
	FlagGhost     FileFlags = 1 << 6
	FlagLicense   FileFlags = 1 << 7
	FlagReadme    FileFlags = 1 << 8
	FlagArtifact  FileFlags = 1 << 12
)

// FileState says what became of a file on installation.
type FileState uint32

const (
	StateNormal       FileState = 0
	StateReplaced     FileState = 1 // by a file of another package
	StateNotInstalled FileState = 2 // left out on request, such as documentation
	StateNetShared    FileState = 3 // left out: on a shared file system
	StateWrongColor   FileState = 4 // left out for another architecture's
)

// VerifyFlags say what "rpm --verify" compares.
type VerifyFlags uint32

// VerifyDigest: the digest is compared.
const VerifyDigest VerifyFlags = 1 << 0

// Parse reads the header of a package. Values that are missing stay empty; those
// that cannot be read stay empty too and are joined in Package.Err. The error of
// Parse itself is that of a header without readable structure.
func Parse(blob []byte) (*Package, error) {
	h, err := parseHeader(blob)
	if err != nil {
		return nil, err
	}
	p := &Package{Epoch: -1, DigestAlgorithm: 1}
	var errs []error
	for _, v := range []struct {
		tag Tag
		to  *string
	}{
		{tagName, &p.Name}, {tagVersion, &p.Version}, {tagRelease, &p.Release}, {tagArch, &p.Arch},
		{tagSourceRPM, &p.SourceRPM}, {tagVendor, &p.Vendor}, {tagPackager, &p.Packager}, {tagLicense, &p.License},
		{tagSummary, &p.Summary}, {tagModularityLabel, &p.ModularityLabel},
		{tagURL, &p.URL}, {tagBugURL, &p.BugURL}, {tagVCS, &p.VCS},
	} {
		*v.to, err = h.str(v.tag)
		errs = append(errs, err)
	}
	p.Provides, err = h.strs(tagProvideName)
	errs = append(errs, err)
	p.Requires, err = h.strs(tagRequireName)
	errs = append(errs, err)
	epoch, err := h.ints(tagEpoch)
	if len(epoch) > 0 {
		p.Epoch = int64(epoch[0])
	}
	errs = append(errs, err, p.readFiles(h))
	p.Err = errors.Join(errs...)
	return p, nil
}

// readFiles reads the parallel arrays of the files. Names come first: an array of
// attributes that is missing or of another length than theirs says nothing.
func (p *Package) readFiles(h *header) error {
	if err := p.readNames(h); err != nil {
		return err
	}
	digests, err := h.strs(tagFileDigests)
	errs := []error{err}
	if len(digests) == len(p.Files) {
		for i := range p.Files {
			p.Files[i].Digest = digests[i]
		}
	} else if len(digests) > 0 {
		errs = append(errs, malformed("%d digests of %d files", len(digests), len(p.Files)))
	}
	algorithm, err := h.ints(tagFileDigestAlgo)
	if len(algorithm) > 0 {
		p.DigestAlgorithm = algorithm[0]
	}
	errs = append(errs, err)
	for i := range p.Files {
		p.Files[i].Verify = VerifyDigest
	}
	for _, v := range []struct {
		tag Tag
		set func(f *File, v uint32)
	}{
		{tagFileModes, func(f *File, v uint32) { f.Mode = v }},
		{tagFileFlags, func(f *File, v uint32) { f.Flags = FileFlags(v) }},
		{tagFileStates, func(f *File, v uint32) { f.State = FileState(v) }},
		{tagFileVerifyFlags, func(f *File, v uint32) { f.Verify = VerifyFlags(v) }},
	} {
		values, err := h.ints(v.tag)
		errs = append(errs, err)
		if len(values) != len(p.Files) {
			if len(values) > 0 {
				errs = append(errs, malformed("%d values of tag %d for %d files", len(values), v.tag, len(p.Files)))
			}
			continue
		}
		for i := range p.Files {
			v.set(&p.Files[i], values[i])
		}
	}
	return errors.Join(errs...)
}

// readNames reads the files' names: a directory and a base name each, or whole
// paths in the oldest headers.
func (p *Package) readNames(h *header) error {
	bases, err := h.strs(tagBaseNames)
	if err != nil {
		return err
	}
	if bases == nil {
		names, err := h.strs(tagOldFileNames)
		p.Files = make([]File, len(names))
		for i, name := range names {
			p.Files[i].Base = name
		}
		return err
	}
	dirs, err := h.strs(tagDirNames)
	if err != nil {
		return err
	}
	indexes, err := h.ints(tagDirIndexes)
	if err != nil {
		return err
	}
	if len(indexes) != len(bases) {
		return malformed("%d directories of %d files", len(indexes), len(bases))
	}
	files := make([]File, len(bases))
	for i, base := range bases {
		if int64(indexes[i]) >= int64(len(dirs)) {
			return malformed("directory %d of %d", indexes[i], len(dirs))
		}
		files[i] = File{Dir: dirs[indexes[i]], Base: base}
	}
	p.Files = files
	return nil
}
