package catalog

import "testing"

// TestDiversions: of any number of diversions of one path two decide.
func TestDiversions(t *testing.T) {
	a, b, c := new(tracked), new(tracked), new(tracked)
	ds := make(diversions)
	for _, d := range []*diversion{{"a", a}, {"again", a}, {"b", b}, {"c", c}, {"local", nil}} {
		ds.add("dpkg", d)
	}
	for owner, want := range map[*tracked]string{a: "b", b: "a", c: "a"} {
		if d := ds.of("dpkg", owner); d == nil || d.to != want {
			t.Errorf("diverted to %+v, want %s", d, want)
		}
	}
	if d := ds.of("apk", a); d != nil {
		t.Errorf("another detector's: %+v", d)
	}
	alone := make(diversions)
	alone.add("dpkg", &diversion{"a", a})
	if d := alone.of("dpkg", a); d != nil || diversions(nil).of("dpkg", a) != nil {
		t.Errorf("the diverting package's own: %+v", d)
	}
}
