package procfs

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/imagetrust/imagetrust/rbom"
)

var errFormat = errors.New("procfs: malformed line")

// stat is what is used of /proc/PID/stat.
type stat struct {
	pid, parent int
	command     string
	start       uint64 // in clock ticks since boot; with pid it names a process
}

// parseStat reads /proc/PID/stat. The command is in parentheses and may itself
// have parentheses, spaces and newlines, so the last one counts.
func parseStat(b []byte) (s stat, err error) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 1 || end < open {
		return s, errFormat
	}
	fields := strings.Fields(string(b[end+1:]))
	if len(fields) < 20 {
		return s, errFormat
	}
	s.command = string(b[open+1 : end])
	var errs [3]error
	s.pid, errs[0] = strconv.Atoi(strings.TrimSpace(string(b[:open])))
	s.parent, errs[1] = strconv.Atoi(fields[1])
	s.start, errs[2] = strconv.ParseUint(fields[19], 10, 64)
	return s, errors.Join(errs[:]...)
}

// parseMap reads a line of /proc/PID/maps and returns the file that it maps
// executable; empty for any other line. The kernel writes newlines in a name as \012.
func parseMap(line string) string {
	fields := strings.SplitN(line, " ", 6)
	if len(fields) < 6 || len(fields[1]) < 4 || fields[1][2] != 'x' {
		return ""
	}
	name := strings.TrimLeft(fields[5], " ")
	if !strings.HasPrefix(name, "/") {
		return "" // [vdso], anonymous memory
	}
	return strings.ReplaceAll(name, `\012`, "\n")
}

// socket is a line of /proc/PID/net/{tcp,udp}.
type socket struct {
	inode    uint64
	endpoint rbom.Endpoint // the local side of a listening socket, else the other
	port     uint16        // the local one
	listens  bool
}

// States of a socket that matter here (include/net/tcp_states.h).
const (
	stateListen = 10
	stateClosed = 7 // also an unconnected UDP socket
)

// parseSocket reads a line of a socket table. Sockets without an address on
// either side, and the table's heading, give an error.
func parseSocket(network, line string) (s socket, err error) {
	f := strings.Fields(line)
	if len(f) < 10 {
		return s, errFormat
	}
	state, err := strconv.ParseUint(f[3], 16, 8)
	if err != nil {
		return s, errFormat
	}
	if s.inode, err = strconv.ParseUint(f[9], 10, 64); err != nil {
		return s, errFormat
	}
	local, err := parseAddress(f[1])
	if err != nil {
		return s, err
	}
	remote, err := parseAddress(f[2])
	if err != nil {
		return s, err
	}
	udp := strings.HasPrefix(network, "udp")
	s.listens = state == stateListen || udp && state == stateClosed
	s.port = local.Port()
	side := remote
	if s.listens {
		side = local
	}
	if side.Port() == 0 {
		return s, errFormat
	}
	s.endpoint = rbom.Endpoint{Network: network, Address: net.JoinHostPort(side.Addr().String(), strconv.Itoa(int(side.Port())))}
	return s, nil
}

// parseAddress reads "0100007F:0050": an address as 32-bit words in the machine's
// byte order, which is little-endian on all architectures that matter here, and
// a port.
func parseAddress(s string) (netip.AddrPort, error) {
	host, port, ok := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	if !ok || err != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, errFormat
	}
	for w := b; len(w) > 0; w = w[4:] {
		binary.BigEndian.PutUint32(w, binary.LittleEndian.Uint32(w))
	}
	p, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, errFormat
	}
	addr, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr.Unmap(), uint16(p)), nil
}

// parseSocketLink reads the target of an fd that is a socket, "socket:[123]".
func parseSocketLink(target string) (inode uint64, ok bool) {
	rest, ok := strings.CutPrefix(target, "socket:[")
	if !ok {
		return 0, false
	}
	inode, err := strconv.ParseUint(strings.TrimSuffix(rest, "]"), 10, 64)
	return inode, err == nil
}
