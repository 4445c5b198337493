package image

import (
	"archive/tar"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
)

// Entry is one entry of a layer: a file, directory, link, device or whiteout.
//
// Its Read and WriteTo give the content of a regular file, and are valid until the next
// step of the iteration that returned it; the fields stay valid.
type Entry struct {
	// Path is relative to the root, slash-separated, clean, without a leading
	// slash; "." is the root itself. It never leaves the root. It is empty when
	// the recorded name cannot name a file, or a link cannot have its target
	// (Problem is ErrName then).
	//
	// A leading slash of the recorded name is dropped, and ".." that would leave
	// the root stays at the root, as container run times do it.
	Path string
	// Name is the name as recorded, cut to 4096 bytes.
	Name string
	// Mode has the type, permission, setuid, setgid and sticky bits. A hard link
	// has the mode its header records, which is commonly that of its target.
	Mode fs.FileMode
	// Size is the number of bytes that Read returns; 0 for all but regular files.
	// It is the header's word until Read has returned io.EOF, and never more than
	// Options.MaxLayerBytes.
	Size int64
	// Link is the target of a symlink as recorded, or that of a hard link cleaned
	// like Path.
	Link string
	// Hardlink says that the entry is a second name for Link.
	Hardlink bool
	// Whiteout is the path that this entry hides in older layers; Path is the
	// whiteout file's own then. Empty for all other entries.
	Whiteout string
	// Opaque is the directory whose content in older layers this entry hides;
	// "." for the root, empty for all other entries.
	Opaque string
	// ModTime is the modification time, with the precision recorded.
	ModTime time.Time
	// UID and GID are the owner's.
	UID, GID int
	// Capabilities are the file capabilities of a regular file, in the form of
	// getcap, such as "cap_net_raw=ep"; "" if it has none, "?" if the attribute that
	// holds them is not valid. Of files in a root directory they are known on Linux, if
	// this program may open the file.
	Capabilities string
	// Problem says what is wrong with the entry: ErrEscape, ErrName or ErrType;
	// nil for a good one. Report it. The entry may be used if Path is not empty.
	Problem error

	r       io.Reader
	offset  int64 // of the content in the uncompressed tar stream
	ordinal int   // of the entry in the layer
	sparse  bool
}

// Read reads the content of a regular file. It returns io.EOF at once for
// everything else.
func (e *Entry) Read(p []byte) (int, error) {
	if e.r == nil {
		return 0, io.EOF
	}
	return e.r.Read(p)
}

// WriteTo implements [io.WriterTo]: it writes what Read has left to w, in pieces of up
// to some hundred KiB which are not copied before. w must not change or keep them.
func (e *Entry) WriteTo(w io.Writer) (int64, error) {
	if e.r == nil {
		return 0, nil
	}
	if c, ok := e.r.(io.WriterTo); ok {
		return c.WriteTo(w)
	}
	return io.Copy(w, struct{ io.Reader }{e.r})
}

const (
	maxPath = 4096 // PATH_MAX
	maxName = 255  // NAME_MAX

	whiteoutPrefix = ".wh."
	whiteoutMeta   = ".wh..wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// newEntry makes an entry of a header. It is nil for headers that are no
// entries.
func newEntry(h *tar.Header, content io.Reader) *Entry {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	e := &Entry{
		Name: h.Name, Mode: modeOf(h), ModTime: h.ModTime, UID: h.Uid, GID: h.Gid,
		sparse: isSparse(h),
	}
	if len(e.Name) > maxPath {
		e.Name = strings.Clone(e.Name[:maxPath])
	}
	e.setPath(h.Name)
	if e.Path != "" {
		e.setWhiteout()
	}
	hides := e.Whiteout != "" || e.Opaque != "" // Whatever its type.
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		e.Size, e.r, e.Capabilities = h.Size, content, capabilities(h)
	case tar.TypeLink:
		if !hides {
			e.setHardlink(h.Linkname)
		}
	case tar.TypeSymlink:
		if !hides {
			e.setSymlink(h.Linkname)
		}
	case tar.TypeDir, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
	default:
		e.Mode |= fs.ModeIrregular
		e.Problem = ErrType
	}
	return e
}

// modeOf returns the mode of an entry. Its type is that of the type flag alone, by
// which run times go: a header's mode can state another type beside it, and a
// symlink would pass for a directory.
func modeOf(h *tar.Header) fs.FileMode {
	permissions := *h
	permissions.Mode &= 0o7777
	mode := permissions.FileInfo().Mode()
	switch h.Typeflag {
	case tar.TypeDir, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return mode
	}
	return mode &^ fs.ModeType
}

func (e *Entry) setPath(name string) {
	clean, escapes := cleanPath(name)
	if escapes {
		e.Problem = ErrEscape
	}
	if !possible(clean) || name == "" {
		e.Problem = ErrName
		return
	}
	e.Path = clean
}

func (e *Entry) setHardlink(target string) {
	e.Hardlink = true
	clean, escapes := cleanPath(target)
	switch {
	case escapes:
		e.Problem = ErrEscape
	case !possible(clean) || target == "":
		e.Problem, e.Path = ErrName, ""
	}
	e.Link = clean
}

// setSymlink refuses what symlink(2) refuses as too long: it would be kept for nothing,
// up to a MiB each.
func (e *Entry) setSymlink(target string) {
	if len(target) >= maxPath {
		e.Problem, e.Path = ErrName, ""
		return
	}
	e.Link = target
}

// setWhiteout recognises whiteouts (OCI image specification, layer.md,
// "Whiteouts"). Other names that begin with ".wh..wh." are AUFS's own and never
// files of the image.
func (e *Entry) setWhiteout() {
	dir, base := path.Split(e.Path)
	if !strings.HasPrefix(base, whiteoutPrefix) {
		return
	}
	hidden := base[len(whiteoutPrefix):]
	switch {
	case base == whiteoutOpaque:
		e.Opaque = path.Clean(dir)
	case strings.HasPrefix(base, whiteoutMeta), hidden == "", hidden == ".", hidden == "..":
		e.Problem, e.Path = ErrName, ""
	default:
		e.Whiteout = dir + hidden
	}
}

// cleanPath returns name relative to the root and without "." and "..", and
// whether it would have left the root. The root is ".".
func cleanPath(name string) (clean string, escapes bool) {
	clean = path.Clean(strings.TrimLeft(name, "/"))
	for clean == ".." || strings.HasPrefix(clean, "../") {
		escapes = true
		if clean = strings.TrimPrefix(clean[2:], "/"); clean == "" {
			clean = "."
		}
	}
	return clean, escapes
}

// possible reports whether Linux could hold a file of that path.
func possible(clean string) bool {
	if len(clean) >= maxPath || strings.IndexByte(clean, 0) >= 0 {
		return false
	}
	if len(clean) <= maxName {
		return true
	}
	for elem := range strings.SplitSeq(clean, "/") {
		if len(elem) > maxName {
			return false
		}
	}
	return true
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}
