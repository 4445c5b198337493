package binary

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// version is the detector's: caches of layers keep what it found under it, so that whatever makes it
// find something else is part of it.
func (o *Options) version() string {
	v := "2"
	if o.Eager {
		v += "-eager"
	}
	if o.Thorough {
		v += "-thorough"
	}
	if o.Table != nil {
		v += "-table." + sum(o.Table)
	}
	if o.Libraries != nil {
		v += "-libraries." + sum(o.libraries())
	}
	return v + sourcesVersion(o.Sources)
}

// libraries is what tells one table of static libraries from another. The fingerprints, which are
// many, are of the packages that are named there.
func (o *Options) libraries() []any {
	count, functions := o.Libraries.Len()
	list := []any{functions}
	for i := range count {
		list = append(list, o.Libraries.Library(i))
	}
	return list
}

// sum is the beginning of a digest of what can be written as JSON.
func sum(v any) string {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(v); err != nil {
		panic(err) // Texts and numbers alone.
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
