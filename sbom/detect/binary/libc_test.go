package binary

import (
	"slices"
	"testing"
)

// TestCompiler takes the C library of a static program to be of its compiler's system.
func TestCompiler(t *testing.T) {
	d := detector(t, false)
	const (
		debian12 = "GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"
		debian13 = "GCC: (Debian 14.2.0-19) 14.2.0"
		ubuntu   = "GCC: (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0"
		glibc    = "glibc-ld.so.cache1.1"
		musl     = "No error information"
	)
	for _, tt := range []struct {
		text   []string
		needed []string
		want   []string
	}{
		{[]string{glibc, debian12}, nil, []string{"contains glibc 2.36 compiler-of-system"}},
		{[]string{musl, debian12}, nil, []string{"contains musl 1.2.3 compiler-of-system"}},
		{[]string{glibc, ubuntu}, nil, []string{"contains glibc 2.35 compiler-of-system"}},
		{[]string{"-0X+0X 0X-0x+0x 0x", "GCC: (Debian 11.2.0-19) 11.2.0"}, nil, []string{"contains musl 1.2.3 compiler-of-system"}},
		{[]string{musl, debian12, "GCC: (Debian 11.2.0-19) 11.2.0"}, nil, []string{"contains musl 1.2.3 compiler-of-system"}},
		{[]string{glibc, "GCC: (Debian 11.2.0-19) 11.2.0"}, nil, nil},
		{[]string{musl, ubuntu}, nil, nil},
		{[]string{debian12}, nil, nil},
		{[]string{glibc, "GCC: (GNU) 12.2.0"}, nil, nil},
		{[]string{glibc, "GCC: (Debian 12.2.0-3) 12.2.0"}, nil, nil},
		{[]string{glibc, debian12, debian13}, nil, nil},
		{[]string{glibc, musl, debian12}, nil, nil},
		{[]string{glibc, debian12}, []string{"libc.so.6"}, nil},
	} {
		file := static(lines(tt.text...))
		if len(tt.needed) > 0 {
			file = dynamic(lines(tt.text...), tt.needed...)
		}
		if got := identify(t, d, "opt/app/server", file); !slices.Equal(got, tt.want) {
			t.Errorf("%q, linked with %q: %q, want %q", tt.text, tt.needed, got, tt.want)
		}
	}
}
