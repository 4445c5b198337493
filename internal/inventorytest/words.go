package inventorytest

import (
	"fmt"

	"github.com/imagetrust/imagetrust/sbom"
)

// optional returns what f does, or now and then nothing.
func (g *generator) optional(f func() string) string {
	if g.rarely() {
		return ""
	}
	return f()
}

// word is a name of letters, digits and dashes.
func (g *generator) word() string {
	return pick(g, "openssl", "libc6", "zlib1g", "left-pad", "requests", "jackson-core", "bash", "x", "go-cmp", "ca-certificates") + pick(g, "", "-dev", "2", "-utils")
}

func (g *generator) version() string {
	return pick(g, "1.2.3", "3.0.11-1~deb12u2", "1:2.4-r0", "v0.0.0-20240101000000-abcdef123456", "5.2.15+dfsg-2+b1", "2024a", "1.0.0-beta.1+exp.sha.5114f85", "10")
}

// text is a line, or lines, for people.
func (g *generator) text() string {
	return pick(g,
		"Secure Sockets Layer toolkit", "naïve façade – Größe", "日本語の説明文", "вывод", "שלום", "مرحبا", "emoji 🎉 and 👩‍💻", "a\nsecond line\tand a tab",
		`quotes " and ' and \ back`, "<b>mark & up</b>", "]]>", "  spaces at the ends  ", "control \x01 character", "\u2028 separator", "combining e\u0301", "k: v, w", "RUN apt-get install -y curl && true",
	)
}

func (g *generator) person() string {
	return pick(g, "Debian OpenSSL Team <team@example.org>", "Red Hat, Inc.", "Jürgen Müller", "株式会社例", "Person: Someone (someone@example.org)")
}

func (g *generator) detector() string { return pick(g, "dpkg@1", "java@12", "golang@2", "npm@3") }

func (g *generator) path() string {
	return pick(g, "var/lib/dpkg/status", "srv/app.jar!/BOOT-INF/lib/a.jar", "usr/bin/"+g.word(), "opt/with space/x", "srv/ünïcode/ファイル", "srv/latin1-\xe9", "etc/new\nline")
}

func (g *generator) sha256() sbom.Digest { return g.hash("sha256", 64) }

func (g *generator) digest() sbom.Digest {
	switch g.IntN(6) {
	case 0:
		return g.hash("md5", 32)
	case 1:
		return g.hash("sha1", 40)
	case 2:
		return g.hash("sha224", 56)
	case 3:
		return g.hash("sha384", 96)
	case 4:
		return g.hash("sha512", 128)
	}
	return g.sha256()
}

func (g *generator) hash(algorithm string, length int) sbom.Digest {
	s := ""
	for len(s) < length {
		s += fmt.Sprintf("%016x", g.Uint64())
	}
	return sbom.Digest(algorithm + ":" + s[:length])
}
