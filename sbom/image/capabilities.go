package image

import (
	"archive/tar"
	"encoding/binary"
	"fmt"
	"strings"
)

// xattrCapability is how tar records file capabilities: as a PAX record, for GNU tar,
// bsdtar and builders of images alike.
const xattrCapability = "SCHILY.xattr.security.capability"

// The layout of the extended attribute: struct vfs_ns_cap_data of linux/capability.h.
const (
	capRevisionMask = 0xff000000
	capRevision1    = 0x01000000 // 32 capabilities
	capRevision2    = 0x02000000 // 64
	capRevision3    = 0x03000000 // 64, and the user of a namespace
	capEffective    = 1
)

// capabilities returns the file capabilities of a header as text, in the form of
// getcap: "cap_net_raw=ep", sets with other flags separated by a space, and
// "[rootid=N]" for those of a user namespace. It is "" if there are none, and "?" for
// an attribute that cannot be read, which the kernel refuses.
func capabilities(h *tar.Header) string {
	if h.PAXRecords == nil {
		return ""
	}
	raw, ok := h.PAXRecords[xattrCapability]
	if !ok {
		return ""
	}
	return capabilityText([]byte(raw))
}

func capabilityText(b []byte) string {
	if len(b) < 4 {
		return "?"
	}
	magic := binary.LittleEndian.Uint32(b)
	size := map[uint32]int{capRevision1: 12, capRevision2: 20, capRevision3: 24}[magic&capRevisionMask]
	if size == 0 || len(b) != size {
		return "?"
	}
	word := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(b[4*i:])) }
	permitted, inheritable := word(1), word(2)
	if size > 12 {
		permitted |= word(3) << 32
		inheritable |= word(4) << 32
	}
	effective := ""
	if magic&capEffective != 0 {
		effective = "e"
	}
	var sets []string
	for _, set := range []struct {
		mask  uint64
		flags string
	}{
		{permitted & inheritable, effective + "ip"},
		{permitted &^ inheritable, effective + "p"},
		{inheritable &^ permitted, effective + "i"},
	} {
		if set.mask != 0 {
			sets = append(sets, capabilityNames(set.mask)+"="+set.flags)
		}
	}
	if size == 24 && word(5) != 0 {
		sets = append(sets, fmt.Sprintf("[rootid=%d]", word(5)))
	}
	return strings.Join(sets, " ")
}

func capabilityNames(mask uint64) string {
	var names []string
	for i := range 64 {
		switch {
		case mask>>i&1 == 0:
		case i < len(capNames):
			names = append(names, "cap_"+capNames[i])
		default:
			names = append(names, fmt.Sprint(i))
		}
	}
	return strings.Join(names, ",")
}

// capNames are the capabilities by their number: linux/capability.h.
var capNames = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace",
	"sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
	"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
}
