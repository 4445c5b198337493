package dpkg

import (
	"strings"
	"testing"
)

func TestNotices(t *testing.T) {
	const published = "General Public License as published by the Free Software Foundation"
	for _, tt := range []struct{ name, text, want string }{
		{"or later", "the GNU " + published + "; either version 2 of the License, or (at your option) any later version.", "GPL-2.0-or-later"},
		{"or later, short", "GNU " + published + ", either version 3, or (at your option) any later version", "GPL-3.0-or-later"},
		{"or later, comments", strings.ReplaceAll("GNU Lesser "+published+"; either version 2.1 of the License, or (at your option) any later version.", " ", "\n * "), "LGPL-2.1-or-later"},
		{"library", "GNU Library " + published + "; either version 2 of the License, or (at your option) any later version", "LGPL-2.0-or-later"},
		{"affero", "GNU Affero " + published + ", either version 3 of the License, or (at your option) any later version", "AGPL-3.0-or-later"},
		{"only", "GNU " + published + "; version 2 of the License.", "GPL-2.0-only"},
		{"only, at the end", "GNU " + published + "; version 2 of the License", "GPL-2.0-only"},
		{"both", "GNU " + published + "; version 2 of the License. GNU " + published + "; either version 3 of the License, or (at your option) any later version", "GPL-2.0-only GPL-3.0-or-later"},
		{"twice", strings.Repeat("GNU "+published+"; version 2 of the License. ", 2), "GPL-2.0-only"},
		{"a choice of two", "GNU " + published + "; either version 2 of the License or version 3", ""},
		{"or, worded otherwise", "GNU " + published + "; version 2 of the License or later", ""},
		{"no version", "GNU " + published + ".", ""},
		{"a version that is none", "GNU " + published + "; version 7 of the License.", ""},
		{"a library's version", "GNU " + published + "; version 2.1 of the License.", ""},
		{"version alone", "GNU " + published + "; version 2", ""},
		{"cut off", "GNU " + published + "; version", ""},
		{"the licence's own text", "How to Apply These Terms to Your New Programs ... GNU " + published + "; version 2 of the License.", ""},
	} {
		var got []string
		for _, n := range notices(tt.text) {
			got = append(got, n.expression)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, s, tt.want)
		}
	}
}
