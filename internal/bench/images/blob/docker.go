package blob

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
)

// WriteDocker writes the archive that docker save wrote before it learned the OCI
// layout: plain layers in directories of their own, beside manifest.json.
func WriteDocker(path, name string, layers []*Layer) error {
	_, _, err := create(path, func(w io.Writer) error {
		t := &archive{w: tar.NewWriter(w)}
		config, err := json.Marshal(Config(layers))
		if err != nil {
			return err
		}
		configName := digestHex(string(config)) + ".json"
		t.bytes(configName, config)
		type entry struct {
			Config   string
			RepoTags []string
			Layers   []string
		}
		m := entry{Config: configName, RepoTags: []string{name + ":latest"}}
		parent := ""
		for _, l := range layers {
			id := digestHex(parent, l.DiffID.Hex)
			t.dir(id + "/")
			t.bytes(id+"/VERSION", []byte("1.0"))
			about := map[string]string{"id": id}
			if parent != "" {
				about["parent"] = parent
			}
			t.json(id+"/json", about)
			t.file(id+"/layer.tar", l)
			m.Layers = append(m.Layers, id+"/layer.tar")
			parent = id
		}
		t.json("manifest.json", []entry{m})
		t.json("repositories", map[string]map[string]string{name: {"latest": parent}})
		return t.close()
	})
	return err
}

// archive is a tar writer that remembers its first error.
type archive struct {
	w   *tar.Writer
	err error
}

func (a *archive) header(h *tar.Header) {
	if a.err == nil {
		a.err = a.w.WriteHeader(h)
	}
}

func (a *archive) dir(name string) {
	a.header(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755})
}

func (a *archive) bytes(name string, data []byte) {
	a.header(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))})
	if a.err == nil {
		_, a.err = a.w.Write(data)
	}
}

func (a *archive) json(name string, v any) {
	data, err := json.Marshal(v)
	if a.err == nil {
		a.err = err
	}
	a.bytes(name, data)
}

func (a *archive) file(name string, l *Layer) {
	a.header(&tar.Header{Name: name, Mode: 0o644, Size: l.Size})
	if a.err != nil {
		return
	}
	f, err := os.Open(l.Plain)
	if err != nil {
		a.err = err
		return
	}
	defer f.Close()
	_, a.err = io.Copy(a.w, f)
}

func (a *archive) close() error {
	if a.err != nil {
		return a.err
	}
	return a.w.Close()
}
