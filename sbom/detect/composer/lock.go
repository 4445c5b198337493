package composer

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/sbom"
	"github.com/imagetrust/imagetrust/sbom/detect"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/declared"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/ospkg"
	"github.com/imagetrust/imagetrust/sbom/detect/internal/statement"
)

// readLock reads composer.lock: an object with packages and packages-dev.
func readLock(f *detect.File, b []byte) (*detect.Fragment, error) {
	if declared.Foreign(f.Path) || plugin(f.Path) {
		return nil, nil
	}
	var o statement.Object
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, fmt.Errorf("%w: %v", detect.ErrFormat, err)
	}
	production, err := elements(o["packages"])
	if err != nil {
		return nil, fmt.Errorf("%w: packages: %v", detect.ErrFormat, err)
	}
	l := declared.New(f)
	keys := make(map[string]string) // by name in lower case
	var locked []statement.Object
	for dev, list := range [][]statement.Object{production, o.Objects("packages-dev")} {
		for _, p := range list {
			if l.Full() {
				return l.Fragment()
			}
			if key, names := lockPackage(l, p, f.Path, dev == 1); key != "" {
				locked = append(locked, p)
				for _, name := range names {
					if keys[name] == "" || name == names[0] {
						keys[name] = key
					}
				}
			}
		}
	}
	for _, p := range locked {
		for _, name := range packages(p, "require") {
			l.Depend(keys[strings.ToLower(p.Text("name"))], keys[name])
		}
	}
	return l.Fragment()
}

// lockPackage adds one package and returns its key and the names that it is known
// by, its own first.
func lockPackage(l *declared.List, p statement.Object, file string, dev bool) (key string, names []string) {
	c := describe(p, file)
	switch {
	case c.Name == "":
		l.Gaps.Add(sbom.GapCorrupt, "a package is listed without a valid name: %s", ospkg.Clip(p.Text("name")))
		return "", nil
	case c.Version == "":
		l.Gaps.Add(sbom.GapIncomplete, "the lock file states no version of %s/%s", c.Group, c.Name)
		return "", nil
	}
	if dev {
		c.Properties = statement.Property(c.Properties, "composer:dev", "true")
	}
	names = []string{strings.ToLower(c.Group + "/" + c.Name)}
	names = append(names, packages(p, "replace")...)
	return l.Add(c), append(names, packages(p, "provide")...)
}
