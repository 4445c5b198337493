package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/attest/oci"
)

const (
	testImage  = "../quickstart/testdata/image"
	builderKey = "../quickstart/testdata/builder/builder.pub"
)

func TestRun(t *testing.T) {
	if err := run(t.Context(), testImage, []string{builderKey}, "", ""); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), testImage, []string{builderKey}, "https://spdx.dev/Document", ""); !errors.Is(err, oci.ErrNoneVerified) {
		t.Errorf("error %v, want that there is no statement of this type", err)
	}
}

func TestRunErrors(t *testing.T) {
	for name, tc := range map[string]struct{ image, key, bundle, says string }{
		"no key":       {testImage, "main.go", "", "main.go"},
		"no image":     {"./nothing", builderKey, "", "there is no ./nothing"},
		"no bundle":    {testImage, builderKey, "main.go", "main.go"},
		"no such file": {testImage, builderKey, "nothing.json", "nothing.json"},
	} {
		if err := run(t.Context(), tc.image, []string{tc.key}, "", tc.bundle); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: error %v, want one that says %q", name, err, tc.says)
		}
	}
}
