package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// pkg is a package with the digest that it must have.
type pkg struct {
	name, version, file, sha256 string
	npm                         bool
}

var packages = []pkg{
	{name: "base-files", version: "12.4+deb12u15", file: "base-files_12.4+deb12u15_amd64.deb", sha256: "3eb1ea6d85488f488cc2a163b98ad640ef88cee4c79287cf14e361aaf6206f47"},
	{name: "dash", version: "0.5.12-2", file: "dash_0.5.12-2_amd64.deb", sha256: "33ea40061da2f1a861ec46212b2b6a34f0776a049b1a3f0abce2fb8cb994258f"},
	{name: "jq", version: "1.6-2.1+deb12u2", file: "jq_1.6-2.1+deb12u2_amd64.deb", sha256: "f2303584378ac85f6d3a9ae8e46412196061681e81610d3b020abe4b5d389eb0"},
	{name: "less", version: "590-2.1~deb12u2", file: "less_590-2.1~deb12u2_amd64.deb", sha256: "3c4ee8ce5e0f625e1169da9584e309c375a8a68e22de5821461d14446825cc1a"},
	{name: "libcommons-logging-java", version: "1.2-3", file: "libcommons-logging-java_1.2-3_all.deb", sha256: "5cbf57bb314020b95113fce920106fe0e85e48f3a0f83cceda0efcddd874255e"},
	{name: "libexpat1", version: "2.5.0-1+deb12u2", file: "libexpat1_2.5.0-1+deb12u2_amd64.deb", sha256: "2255e62fc22a86d2c544b8a3f516da9aee19383ad5742722ab4ce7f66a30dbc8"},
	{name: "netbase", version: "6.4", file: "netbase_6.4_all.deb", sha256: "29b23c48c0fe6f878e56c5ddc9f65d1c05d729360f3690a593a8c795031cd867"},
	{name: "python3-wheel-whl", version: "0.38.4-2", file: "python3-wheel-whl_0.38.4-2_all.deb", sha256: "692464277d0f6b20e02f7f7dd9d763ca1583f7c5c9cdaa532ad3e8174a4f61f6"},
	{name: "zlib1g", version: "1:1.2.13.dfsg-1", file: "zlib1g_1%3a1.2.13.dfsg-1_amd64.deb", sha256: "d7dd1d1411fedf27f5e27650a6eff20ef294077b568f4c8c5e51466dc7c08ce4"},
	{npm: true, name: "left-pad", version: "1.3.0", file: "left-pad-1.3.0.tgz", sha256: "870c0fe1096223a58d4f8832d08a7e651ea2fcadb8e6877b2fdc26b662d481dd"},
	{npm: true, name: "lodash", version: "4.17.20", file: "lodash-4.17.20.tgz", sha256: "d2aa8c6afc3c8591765785a37d1c5acae482a8eb3ab9729ed28922692454f2e2"},
	{npm: true, name: "minimist", version: "1.2.5", file: "minimist-1.2.5.tgz", sha256: "a1800ce4d39356e96497bd09a41fad0033a13dd8eeb469008333547505ce4350"},
	{npm: true, name: "minimist", version: "1.2.8", file: "minimist-1.2.8.tgz", sha256: "350a76c115b393c19d24654834261e5dc9f0e8cc5e08f3937fa80140f3e4ce83"},
}

// fetch downloads the packages that dir lacks, checks all of them and returns
// their paths by name, or name@version for npm's.
func fetch(dir string) (map[string]string, error) {
	paths := make(map[string]string)
	for _, p := range packages {
		path := filepath.Join(dir, p.file)
		if _, err := os.Stat(path); err != nil {
			if err := p.download(dir); err != nil {
				return nil, err
			}
		}
		if err := p.check(path); err != nil {
			return nil, err
		}
		if p.npm {
			paths[p.name+"@"+p.version] = path
		} else {
			paths[p.name] = path
		}
	}
	return paths, nil
}

func (p pkg) download(dir string) error {
	cmd := exec.Command("apt-get", "download", "-qq", p.name+"="+p.version)
	if p.npm {
		cmd = exec.Command("npm", "pack", "--silent", p.name+"@"+p.version)
	}
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
	}
	return nil
}

func (p pkg) check(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != p.sha256 {
		return fmt.Errorf("%s: sha256 is %x, want %s", p.file, sum, p.sha256)
	}
	return nil
}
