package procfs

import (
	"strings"
	"testing"
)

func TestParseStat(t *testing.T) {
	tail := strings.Repeat(" 0", 17) + " 4242 0 0"
	for _, tc := range []struct {
		name, in string
		want     stat
		bad      bool
	}{
		{name: "plain", in: "17 (nginx) S 1" + tail, want: stat{17, 1, "nginx", 4242}},
		{name: "command with parentheses and spaces", in: "17 (a) b (c) R 9" + tail, want: stat{17, 9, "a) b (c", 4242}},
		{name: "command with a newline", in: "17 (a\nb) R 9" + tail, want: stat{17, 9, "a\nb", 4242}},
		{name: "empty", in: "", bad: true},
		{name: "no parentheses", in: "17 nginx S 1" + tail, bad: true},
		{name: "cut off", in: "17 (nginx) S 1 2", bad: true},
		{name: "parent is no number", in: "17 (nginx) S x" + tail, bad: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseStat([]byte(tc.in))
			if (err != nil) != tc.bad || !tc.bad && got != tc.want {
				t.Errorf("parseStat(%q) = %+v, %v; want %+v", tc.in, got, err, tc.want)
			}
		})
	}
}

func TestParseMap(t *testing.T) {
	for line, want := range map[string]string{
		"7f00-7f01 r-xp 00000000 08:01 131 /usr/lib/libz.so.1.2.13":         "/usr/lib/libz.so.1.2.13",
		"7f00-7f01 r-xp 00000000 08:01 131                /a b/c (deleted)": "/a b/c (deleted)",
		`7f00-7f01 r-xp 00000000 08:01 131 /a\012b`:                         "/a\nb",
		"7f00-7f01 r--p 00000000 08:01 131 /usr/lib/libz.so.1.2.13":         "",
		"7f00-7f01 r-xp 00000000 00:00 0 [vdso]":                            "",
		"7f00-7f01 rwxp 00000000 00:00 0":                                   "",
		"":                                                                  "",
		"7f00-7f01 r-x":                                                     "",
	} {
		if got := parseMap(line); got != want {
			t.Errorf("parseMap(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestParseSocket(t *testing.T) {
	for _, tc := range []struct {
		name, network, line, address string
		inode                        uint64
		listens, bad                 bool
	}{
		{name: "listens", network: "tcp", address: "127.0.0.1:8080", inode: 99, listens: true,
			line: "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1"},
		{name: "connected", network: "tcp", address: "192.0.2.7:443", inode: 7,
			line: "1: 0100007F:C001 070200C0:01BB 01 00000000:00000000 00:00000000 00000000 0 0 7 1"},
		{name: "IPv6", network: "tcp6", address: "[2001:db8::1]:443", inode: 8,
			line: "1: 00000000000000000000000001000000:C001 B80D0120000000000000000001000000:01BB 01 0:0 0:0 0 0 0 8 1"},
		{name: "IPv4 in IPv6", network: "tcp6", address: "127.0.0.1:80", inode: 8,
			line: "1: 0000000000000000FFFF00000100007F:C001 0000000000000000FFFF00000100007F:0050 01 0:0 0:0 0 0 0 8 1"},
		{name: "UDP receiver", network: "udp", address: "0.0.0.0:53", inode: 5, listens: true,
			line: "1: 00000000:0035 00000000:0000 07 0:0 0:0 0 0 0 5 1"},
		{name: "heading", network: "tcp", bad: true, line: "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"},
		{name: "no port", network: "tcp", bad: true, line: "1: 00000000:0000 00000000:0000 01 0:0 0:0 0 0 0 5 1"},
		{name: "odd address", network: "tcp", bad: true, line: "1: 0000:0035 00000000:0001 01 0:0 0:0 0 0 0 5 1"},
		{name: "cut off", network: "tcp", bad: true, line: "1: 00000000:0035"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseSocket(tc.network, tc.line)
			if (err != nil) != tc.bad {
				t.Fatalf("error %v, want one: %v", err, tc.bad)
			}
			if !tc.bad && (got.endpoint.Address != tc.address || got.inode != tc.inode || got.listens != tc.listens) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// FuzzParse asserts that no line of /proc, however odd, panics or gives a result
// that breaks what the recorder relies on.
func FuzzParse(f *testing.F) {
	f.Add("17 (a) b (c) R 9" + strings.Repeat(" 0", 20))
	f.Add("7f00-7f01 r-xp 00000000 08:01 131 /usr/lib/libz.so.1.2.13")
	f.Add("0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99 1")
	f.Add("socket:[12345]")
	f.Fuzz(func(t *testing.T, line string) {
		if s, err := parseStat([]byte(line)); err == nil && !strings.Contains(line, "("+s.command+")") {
			t.Errorf("parseStat(%q): command %q is not in it", line, s.command)
		}
		if name := parseMap(line); name != "" && name[0] != '/' {
			t.Errorf("parseMap(%q) = %q: not absolute", line, name)
		}
		if s, err := parseSocket("tcp", line); err == nil && s.endpoint.Address == "" {
			t.Errorf("parseSocket(%q): no address", line)
		}
		if inode, ok := parseSocketLink(line); ok && inode == 0 && !strings.ContainsRune(line, '0') {
			t.Errorf("parseSocketLink(%q) = 0", line)
		}
	})
}
