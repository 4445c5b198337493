package upx

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/sbom/detect"
)

// packHeader is as UPX writes it behind a program.
func packHeader(format, method byte, unpacked, packed uint32) string {
	order := binary.AppendByteOrder(binary.LittleEndian)
	if format >= bigEndian {
		order = binary.BigEndian
	}
	b := append([]byte(magic), 13, format, method, 8)
	for _, v := range []uint32{0x1234, 0x5678, unpacked - 1, packed, unpacked} {
		b = order.AppendUint32(b, v)
	}
	return string(append(b, 0x49, 5, 0, 0x7f))
}

func TestRecognise(t *testing.T) {
	for what, tt := range map[string]struct{ head, tail, tool, text string }{
		"ELF":                     {"\x7fELF", "$Id: UPX 3.96 Copyright (C) 1996-2020 $\n\x00" + packHeader(22, 8, 5000, 2000), "UPX 3.96", "(NRV2E, 5000 bytes in 7000)"},
		"ELF with its launcher":   {"", packHeader(22, 14, 90, 70) + packHeader(22, 14, 5000, 2000) + packHeader(22, 14, 80, 60), "UPX", "(LZMA, 5000 bytes in 7000)"},
		"big-endian":              {"", packHeader(0x84, 2, 5000, 2000), "UPX", "(NRV2B, 5000 bytes in 7000)"},
		"PE":                      {"MZ\x00\x004.24\x00" + packHeader(36, 10, 5000, 2000), "", "UPX 4.24", "(NRV2E, 5000 bytes in 7000)"},
		"text of a packer":        {"", "UPX!", "", ""},
		"method that is not":      {"", packHeader(22, 99, 5000, 2000), "", ""},
		"longer than before":      {"", packHeader(22, 8, 2000, 5000), "", ""},
		"nothing":                 {"", packHeader(22, 8, 2000, 0), "", ""},
		"cut off":                 {"", packHeader(22, 8, 5000, 2000)[:20], "", ""},
		"version that is no text": {"", "$Id: UPX (none) \x00" + packHeader(22, 8, 5000, 2000), "UPX", ""},
	} {
		p, more := Recognise([]byte(tt.head), []byte(tt.tail), 7000)
		if more {
			t.Errorf("%s: more of what is no ELF file, or NRV", what)
		}
		if (p != nil) != (tt.tool != "") {
			t.Errorf("%s: %+v", what, p)
			continue
		}
		if p != nil && (p.Tool != tt.tool || !strings.Contains(p.Err.Error(), tt.text) || !errors.Is(p.Err, detect.ErrUnsupported)) {
			t.Errorf("%s: %+v", what, p)
		}
	}
}
