package pagefile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/pagefile"
)

func TestRead(t *testing.T) {
	f := pagefile.New(strings.NewReader("aabbc"), 5, 2)
	if f.Pages() != 2 || f.PageSize() != 2 || f.Bytes() != 4 {
		t.Errorf("%d pages of %d bytes", f.Pages(), f.PageSize())
	}
	buf := make([]byte, 8)
	page, err := f.Read(1, buf)
	if string(page) != "bb" || err != nil || &page[0] != &buf[0] {
		t.Errorf("page 1: %q, %v", page, err)
	}
	if _, err := f.Read(1, nil); !errors.Is(err, pagefile.ErrPage) {
		t.Errorf("page 1 again: %v", err)
	}
	if _, err := f.Read(2, nil); !errors.Is(err, pagefile.ErrPage) {
		t.Errorf("page 2: %v", err)
	}
	if page, err := f.Read(0, nil); string(page) != "aa" || err != nil {
		t.Errorf("page 0: %q, %v", page, err)
	}
	short := pagefile.New(strings.NewReader("a"), 4, 2)
	if _, err := short.Read(1, nil); !errors.Is(err, pagefile.ErrPage) {
		t.Errorf("a file that is shorter than announced: %v", err)
	}
}
