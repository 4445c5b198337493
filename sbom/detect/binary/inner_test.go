package binary

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect/detecttest"
)

// TestProgramsInPayloads looks into the libraries that a program carries: what they are, the
// program contains, and where nothing is found is told.
func TestProgramsInPayloads(t *testing.T) {
	data := zipped(string(static("launcher")), "lib/libz.so.1", string(library("libz.so.1", lines(inflate, "1.2.13"))),
		"lib/other.so", string(library("libother.so", lines(inflate))), "lib/quiet.so", string(library("libquiet.so", "")),
		"lib/linked.so", string(dynamic(lines(inflate), "libz.so.1")), "lib/text.so", "text", "lib/rocket.dll", string(windows("", [2]string{"ProductName", "Rocket"}, [2]string{"FileVersion", "5.6"})))
	r, err := detector(t, true).Identify(context.Background(), "opt/app", int64(len(data)), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"contains pkg:generic/rocket@5.6 pe-version-info", "contains pkg:generic/zlib@1.2.13 table"}; !slices.Equal(told(r), want) {
		t.Errorf("%q, want %q", told(r), want)
	}
	p := r.Payloads[0]
	if p.Programs != 5 || !slices.Equal(p.Unnamed, []string{"lib/quiet.so"}) || p.Problem != "" {
		t.Errorf("%+v", p)
	}
	zlib := r.Findings[1]
	if e := zlib.Evidence[0]; !strings.HasPrefix(e.Text, "lib/libz.so.1: inflate 1.2.13") || e.Offset <= 0 || e.Offset >= int64(len(data)) || len(zlib.Evidence) < 2 {
		t.Errorf("%+v", zlib)
	}
	frag := detecttest.Detect(t, detector(t, false), "opt/app", data)
	if !slices.ContainsFunc(frag.Gaps, func(g sbom.Gap) bool {
		return strings.Contains(g.Message, "nothing is known of 2 programs: lib/linked.so lib/quiet.so")
	}) {
		t.Errorf("%+v", frag.Gaps)
	}
}

// TestProgramsAreBounded stops at a bomb, says so, and keeps what was found before.
func TestProgramsAreBounded(t *testing.T) {
	bomb := string(library("libbomb.so", "")) + strings.Repeat("\x00", 64<<20)
	data := zipped(string(static("launcher")), "lib/libz.so.1", string(library("libz.so.1", lines(inflate))), "lib/bomb.so", bomb, "lib/late.so", string(library("late.so", lines("OpenSSL 3.0.13 30 Jan 2024"))))
	r, err := detector(t, false).Identify(context.Background(), "opt/app", int64(len(data)), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if p := r.Payloads[0]; p.gap != sbom.GapLimit || p.Programs != 1 || !slices.Equal(told(r), []string{"contains pkg:generic/zlib@1.2.13 table"}) {
		t.Errorf("a bomb of %d bytes in %d: %+v, %q", len(bomb), len(data), p, told(r))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := newReading(detector(t, false), "opt/app", int64(len(data)), bytes.NewReader(data))
	_, _ = c.Write(data)
	if r := c.report(ctx); len(r.Findings) > 0 || r.Payloads[0].gap != sbom.GapIncomplete {
		t.Errorf("cancelled: %q, %+v", told(r), r.Payloads)
	}
}

// TestPackedProgram: a packed program is what it was before. Its blocks are stored here,
// as UPX does with what does not become shorter.
func TestPackedProgram(t *testing.T) {
	const headers = 64 + 5*56 // of a program of package elftest
	program := dynamic(lines("foo version 1.4.2") + "\xff Go buildinf:runtime.gopanic\x00example.com/a@v1.0.0/a.go\x00")
	le := binary.LittleEndian
	data := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 229)...)
	data[16] = 2 // ET_EXEC
	data = append(append(data, "UPX!"...), make([]byte, 4+12)...)
	for _, block := range [][]byte{program[:headers], program[headers:]} {
		data = le.AppendUint32(le.AppendUint32(data, uint32(len(block))), uint32(len(block)))
		data = append(append(data, 14, 0, 0, 0), block...)
	}
	data = append(append(data, make([]byte, 12)...), "UPX!\x0d\x16\x0e\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x10\x00\x00\x00\x30\x00\x00"...)
	r, err := detector(t, false).Identify(context.Background(), "bin/foo", int64(len(data)), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	// Nobody else reads the build information of what is packed, and so its modules are told by paths.
	if want := []string{"is pkg:generic/foo@1.4.2 name-states-version", "contains pkg:golang/example.com/a@v1.0.0 go-path"}; !slices.Equal(told(r), want) {
		t.Errorf("%q, want %q", told(r), want)
	}
	if len(r.Payloads) != 1 || r.Payloads[0].Problem != "" || r.BuildID != "0123456789abcdef" || !slices.Equal(r.Needed, []string{"libc.so.6"}) {
		t.Errorf("%+v", r)
	}
	if frag := detecttest.Detect(t, detector(t, false), "bin/foo", data); len(frag.Gaps) > 0 || len(frag.Claims) != 1 {
		t.Errorf("%+v", frag)
	}
}
