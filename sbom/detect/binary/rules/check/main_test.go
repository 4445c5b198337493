package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(&out, nil); err != nil || !strings.Contains(out.String(), "products") {
		t.Errorf("%q, %v", &out, err)
	}
	for what, tt := range map[string]struct{ table, says string }{
		"pattern": {"[[product]]\nname = \"a\"\ntext = [\"abc\"]", "it needs one"},
		"example": {"[[product]]\nname = \"a\"\ntext = [\"abcd {v}\"]\nexamples = [{ text = \"abce 1.2\", version = \"1.2\" }]\nnever = [\"x\"]", `finds []`},
		"never":   {"[[product]]\nname = \"a\"\ntext = [\"abcd {v}\"]\nexamples = [{ text = \"abcd 1.2\", version = \"1.2\" }]\nnever = [\"abcd 1.3\"]", `finds ["1.3"]`},
	} {
		file := filepath.Join(t.TempDir(), "table.toml")
		if err := os.WriteFile(file, []byte(tt.table), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := run(&out, []string{file}); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: error %v, want one that says %q", what, err, tt.says)
		}
	}
}
