package header

import (
	"encoding/binary"
	"slices"
	"testing"
)

// wasmText is a name: its length, and so many bytes.
func wasmText(s string) string { return string(binary.AppendUvarint(nil, uint64(len(s)))) + s }

func wasmSectionOf(id byte, content string) string { return string(id) + wasmText(content) }

func custom(name, content string) string { return wasmSectionOf(wasmCustom, wasmText(name)+content) }

// module returns a module with imports of all kinds.
func module() string {
	imports := "\x05"
	for i, kind := range []string{"\x00\x07", "\x01\x70\x01\x02\x03", "\x02\x00\x01", "\x03\x7f\x00", "\x04\x00\x01"} {
		imports += wasmText("env"+string(rune('a'+i))) + wasmText("x") + kind
	}
	return wasmModule + wasmSectionOf(1, "") + wasmSectionOf(wasmImport, imports) + wasmSectionOf(10, "code") +
		custom("name", "\x00"+wasmText(wasmText("inner.wasm"))) + custom("version", "0.0.1") + custom("build_id", wasmText("\xab\xcd")) +
		custom("producers", "\x02"+wasmText("language")+"\x01"+wasmText("Rust")+wasmText("")+wasmText("processed-by")+"\x01"+wasmText("rustc")+wasmText("1.80.0"))
}

func component() []byte {
	return []byte(wasmComponent + wasmSectionOf(wasmModuleIn, module()) + wasmSectionOf(wasmComponentIn, wasmComponent+custom("version", "6.6.6")) +
		custom("component-name", "\x00"+wasmText(wasmText("outer"))) + custom("version", "1.2.3") + custom("licenses", "MIT") + custom("authors", "me"))
}

func TestModule(t *testing.T) {
	data := []byte(module())
	for _, piece := range []int{1, 9, len(data)} {
		got := read(data, piece)
		if got.Damaged != "" || !slices.Equal(got.Needed, []string{"enva", "envb", "envc", "envd", "enve"}) || got.SONAME != "inner.wasm" || got.BuildID != "abcd" ||
			!slices.Equal(got.Tools, []string{"rustc 1.80.0"}) || !slices.Equal(got.Languages, []string{"Rust"}) {
			t.Errorf("pieces of %d: %+v", piece, got)
		}
		if s := got.Stated; s == nil || s.Version != "0.0.1" || s.Name != "inner.wasm" || data[s.Offset] != wasmCustom {
			t.Errorf("pieces of %d: %+v", piece, s)
		}
	}
}

// TestComponent: what a component says of itself is not what the modules in it say.
func TestComponent(t *testing.T) {
	data := component()
	got := read(data, 11)
	if got.Damaged != "" || got.Needed != nil || got.SONAME != "outer" || !slices.Equal(got.Tools, []string{"rustc 1.80.0"}) {
		t.Errorf("%+v", got)
	}
	want := Stated{Field: "version", Name: "outer", Version: "1.2.3", Vendor: "me", License: "MIT"}
	if got.Stated == nil {
		t.Fatal("no version")
	}
	if want.Offset = got.Stated.Offset; *got.Stated != want {
		t.Errorf("%+v, want %+v", *got.Stated, want)
	}
}

func TestDamagedModules(t *testing.T) {
	deep := wasmComponent
	for range maxWasmDepth + 1 {
		deep = wasmComponent + wasmSectionOf(wasmComponentIn, deep)
	}
	for what, data := range map[string]string{
		"section beyond the module":  wasmModule + "\x00\xff\xff\xff\xff\x0f" + string(make([]byte, 100)),
		"size without an end":        wasmModule + "\x00\xff\xff\xff\xff\xff\xff\xff" + string(make([]byte, 100)),
		"component of nothing":       wasmComponent + wasmSectionOf(wasmComponentIn, "") + string(make([]byte, 100)),
		"module that is text":        wasmComponent + wasmSectionOf(wasmModuleIn, "text and more text") + string(make([]byte, 100)),
		"components in each other":   deep,
		"more sections than 65,536":  wasmModule + string(make([]byte, 2*maxWasmSections+2)),
		"inner section beyond outer": wasmComponent + wasmSectionOf(wasmModuleIn, wasmModule+"\x00\x7f") + string(make([]byte, 300)),
	} {
		if got := read([]byte(data), 1000); got.Damaged == "" {
			t.Errorf("%s: %+v", what, got)
		}
	}
}
