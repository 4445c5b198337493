package procfs

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/sbom"
)

// openFile is a file that a process uses.
type openFile struct {
	path    string // relative to the target's root, without a leading slash
	handle  string // a name by which it can be opened from here
	info    fs.FileInfo
	deleted bool
}

const deletedSuffix = " (deleted)"

// openedFile describes the file behind a magic link of /proc, such as exe or
// fd/3, whose target is name. The link reaches the file even when it is deleted.
func (s *sampler) openedFile(link, name string) openFile {
	f := openFile{handle: link}
	if info, err := os.Stat(link); err == nil {
		f.info = info
		f.deleted = links(info) == 0
	}
	if f.deleted {
		name = strings.TrimSuffix(name, deletedSuffix)
	}
	f.path = s.relative(name)
	return f
}

// mappedFile describes a file named in maps. The kernel marks a deleted one by
// a suffix that a name could have as well; only if no such name exists, it is the mark.
func (s *sampler) mappedFile(pid int, name string) openFile {
	f := openFile{handle: s.reach(pid, name)}
	info, err := os.Stat(f.handle)
	if err != nil && strings.HasSuffix(name, deletedSuffix) {
		name, f.deleted = strings.TrimSuffix(name, deletedSuffix), true
	}
	if err == nil {
		f.info = info
	}
	f.path = s.relative(name)
	return f
}

// reach returns the name by which a path of a process can be opened from here.
func (s *sampler) reach(pid int, name string) string {
	if s.root != "" && strings.HasPrefix(name, s.root+"/") {
		return name
	}
	return procPath(pid, "root") + name
}

// relative cuts the target's root off. A path outside of it, such as that of a
// mounted volume, stays whole.
func (s *sampler) relative(name string) string {
	if rest, ok := strings.CutPrefix(name, s.root+"/"); ok {
		name = rest
	}
	return strings.TrimPrefix(name, "/")
}

func (s *sampler) file(kind rbom.Kind, f openFile, p rbom.Process) {
	o := rbom.Observation{Kind: kind, Path: f.path, Deleted: f.deleted, Process: p}
	if f.info != nil {
		o.Mode = f.info.Mode()
		if kind != rbom.KindOpen && !s.opts.NoDigest {
			o.Digest = s.digest(f)
		}
	}
	s.add(o)
}

// add merges an observation with the same one made before.
func (s *sampler) add(o rbom.Observation) {
	key := fmt.Sprintf("%s\x00%s\x00%s\x00%v\x00%d", o.Kind, o.Path, o.Digest, o.Deleted, o.Process.PID)
	if o.Endpoint != nil {
		key += "\x00" + o.Endpoint.Network + "\x00" + o.Endpoint.Address
	}
	now := time.Now().UTC()
	if old := s.seen[key]; old != nil {
		old.Last = now
		old.Count++
		return
	}
	if len(s.order) >= s.opts.MaxObservations {
		s.lost++
		return
	}
	o.First, o.Last, o.Count = now, now, 1
	s.seen[key] = &o
	s.order = append(s.order, &o)
}

// fileKey names a file's content as long as nobody writes to it.
type fileKey struct {
	dev, ino    uint64
	size, mtime int64
}

// digest returns the file's SHA-256, read once for each content.
func (s *sampler) digest(f openFile) sbom.Digest {
	st, ok := f.info.Sys().(*syscall.Stat_t)
	if !ok || !f.info.Mode().IsRegular() {
		return ""
	}
	key := fileKey{uint64(st.Dev), st.Ino, st.Size, st.Mtim.Nano()}
	d, ok := s.digests[key]
	if ok {
		return d
	}
	if st.Size > s.opts.MaxDigestSize {
		s.gap(f.path, fmt.Errorf("%d bytes, not digested", st.Size))
	} else if sum, err := sha256File(f.handle); err != nil {
		s.failed(f.path, err)
		return ""
	} else {
		d = sum
	}
	s.digests[key] = d
	return d
}

func sha256File(name string) (sbom.Digest, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return sbom.Digest("sha256:" + hex.EncodeToString(h.Sum(nil))), nil
}

// maps adds the files that the process has mapped executable.
func (s *sampler) maps(pid int, p rbom.Process) {
	done := make(map[string]bool)
	s.lines(procPath(pid, "maps"), func(line string) {
		name := parseMap(line)
		if name == "" || done[name] {
			return
		}
		done[name] = true
		if f := s.mappedFile(pid, name); f.path != p.Exe {
			s.file(rbom.KindMap, f, p)
		}
	})
}

// descriptors adds the regular files and sockets that the process has open.
func (s *sampler) descriptors(pid int, p rbom.Process) {
	dir := procPath(pid, "fd")
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.failed(dir, err)
		return
	}
	sockets := make(map[uint64]bool)
	for _, e := range entries {
		link := dir + "/" + e.Name()
		target, err := os.Readlink(link)
		if err != nil {
			continue // closed meanwhile
		}
		if inode, ok := parseSocketLink(target); ok {
			sockets[inode] = true
		} else if strings.HasPrefix(target, "/") {
			if f := s.openedFile(link, target); f.info != nil && f.info.Mode().IsRegular() {
				s.file(rbom.KindOpen, f, p)
			}
		}
	}
	if len(sockets) > 0 {
		s.sockets(pid, p, sockets)
	}
}

// sockets adds the endpoints of the process's sockets, from the tables of its
// network namespace. A connection to a port that is listened on was accepted, not
// made, and contacts nobody.
func (s *sampler) sockets(pid int, p rbom.Process, own map[uint64]bool) {
	for _, family := range []string{"", "6"} {
		for _, network := range []string{"tcp" + family, "udp" + family} {
			var table []socket
			s.lines(procPath(pid, "net/"+network), func(line string) {
				if k, err := parseSocket(network, line); err == nil {
					table = append(table, k)
				}
			})
			s.addSockets(table, p, own)
		}
	}
}

func (s *sampler) addSockets(table []socket, p rbom.Process, own map[uint64]bool) {
	listening := make(map[uint16]bool)
	for _, k := range table {
		if k.listens {
			listening[k.port] = true
		}
	}
	for _, k := range table {
		switch {
		case !own[k.inode]:
		case k.listens:
			s.add(rbom.Observation{Kind: rbom.KindListen, Endpoint: &k.endpoint, Process: p})
		case !listening[k.port]:
			s.add(rbom.Observation{Kind: rbom.KindConnect, Endpoint: &k.endpoint, Process: p})
		}
	}
}

// lines calls do for each line of a file of /proc.
func (s *sampler) lines(name string, do func(string)) {
	f, err := os.Open(name)
	if err != nil {
		s.failed(name, err)
		return
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		do(sc.Text())
	}
	if err := sc.Err(); err != nil {
		s.failed(name, err)
	}
}

// isGone reports an error that a process leaves which ends while it is read.
func isGone(err error) bool { return errors.Is(err, syscall.ESRCH) }

func links(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}

func sortGaps(gaps []sbom.Gap) {
	slices.SortFunc(gaps, func(a, b sbom.Gap) int { return cmp.Compare(a.Path, b.Path) })
}
