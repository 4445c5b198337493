package rules

// release is the text of a literal that only one release of a product has.
type release struct {
	product int
	version string
}

// addReleases adds the texts of a product that only one of its releases has to the
// literals.
func (x *Index) addReleases(i int, p *Product) {
	for _, r := range p.Releases {
		if x.releases == nil {
			x.releases = make(map[int]release)
		}
		x.releases[len(x.texts)] = release{i, r.Version}
		x.texts = append(x.texts, r.Text)
		x.literals = append(x.literals, literal{product: -1, trait: -1, group: -1})
	}
}

// released calls hit if the literal is the text of a release.
func (x *Index) released(index int, hit func(Hit)) {
	if r, ok := x.releases[index]; ok {
		p := x.Product(r.product)
		hit(Hit{Product: p, Version: r.version, Rank: len(p.Text)})
	}
}

// twoNumbers returns the first two numbers of a version.
func twoNumbers(version string) string {
	dots := 0
	for i := range len(version) {
		if version[i] == '.' {
			if dots++; dots == 2 {
				return version[:i]
			}
		}
	}
	return version
}

// Said returns the text that a literal's hit of a version stands on.
func (x *Index) Said(index int, version string) string {
	if x.literals[index].number != nil {
		return x.texts[index] + version
	}
	return x.texts[index]
}
