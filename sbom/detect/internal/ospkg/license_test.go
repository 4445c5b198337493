package ospkg

import (
	"strings"
	"testing"
)

func TestExpression(t *testing.T) {
	names := map[string]string{"expat": "MIT", "perl": "(GPL-1.0-or-later OR Artistic-1.0-Perl)"}
	for _, tt := range []struct{ in, want string }{
		{"GPL-2", "GPL-2.0-only"},
		{"gpl-2+", "GPL-2.0-or-later"},
		{"GPL-2.0+", "GPL-2.0-or-later"},
		{"GPL-2.0", "GPL-2.0-only"},
		{"GPL-3-or-later", "GPL-3.0-or-later"},
		{"GPL-3.0-only", "GPL-3.0-only"},
		{"LGPL-2.1+ and (Expat or ISC)", "LGPL-2.1-or-later AND (MIT OR ISC)"},
		{"Perl", "GPL-1.0-or-later OR Artistic-1.0-Perl"},
		{"GPL-2 with Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"},
		{"GPL-3+ with Bison exception or MIT", "GPL-3.0-or-later WITH Bison-exception-2.2 OR MIT"},
		{"GPL-2+ with OpenSSL exception", ""},
		{"MIT/X11", "MIT"},
		{"GPL", ""},
		{"GPL-7", ""},
		{"GPL-2+-with-bison-exception", ""},
		{"LicenseRef-x", "LicenseRef-x"},
		{"Expat ISC", ""},
		{"", ""},
		{strings.Repeat("MIT AND ", 1000) + "MIT", ""},
	} {
		got, ok := Expression(tt.in, names)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("Expression(%.60q) = %q, %v, want %q", tt.in, got, ok, tt.want)
		}
	}
}
