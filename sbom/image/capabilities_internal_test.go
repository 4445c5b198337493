package image

import (
	"archive/tar"
	"encoding/hex"
	"strings"
	"testing"
)

// The attributes are what setcap writes.
func TestCapabilities(t *testing.T) {
	for text, attribute := range map[string]string{
		"cap_net_raw=ep":                          "0100000200200000" + "00000000" + "00000000" + "00000000",
		"cap_net_bind_service,cap_net_admin=ep":   "0100000200140000" + "00000000" + "00000000" + "00000000",
		"cap_net_raw=p":                           "0000000200200000" + "00000000" + "00000000" + "00000000",
		"cap_chown=eip cap_kill=ep cap_setuid=ei": "0100000221000000" + "81000000" + "00000000" + "00000000",
		"cap_checkpoint_restore,41,63=ep":         "0100000200000000" + "00000000" + "00030080" + "00000000",
		"cap_net_raw=ep [rootid=1000]":            "0100000300200000" + "00000000" + "00000000" + "00000000" + "e8030000",
		"cap_sys_admin=ep":                        "01000001" + "00002000" + "00000000",
		"":                                        "0000000200000000" + "00000000" + "00000000" + "00000000",
	} {
		raw, err := hex.DecodeString(attribute)
		if err != nil {
			t.Fatal(err)
		}
		if got := capabilities(&tar.Header{PAXRecords: map[string]string{xattrCapability: string(raw)}}); got != text {
			t.Errorf("%s = %q, want %q", attribute, got, text)
		}
		for n := range raw {
			if got := capabilityText(raw[:n]); got != "?" && n != 12 && n != 20 {
				t.Errorf("%x = %q, want ?", raw[:n], got)
			}
		}
	}
	if got := capabilities(new(tar.Header)); got != "" {
		t.Errorf("no attribute = %q", got)
	}
}

func FuzzCapabilities(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got := capabilityText(raw)
		if len(got) > 3*64*25 || strings.ContainsAny(got, "\n\x00") {
			t.Errorf("%x = %q", raw, got)
		}
	})
}
