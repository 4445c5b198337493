//go:build linux

package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// javaLibraries are what the java image has from Debian.
var javaLibraries = strings.Fields(`openjdk-17-jre-headless
	libbcmail-java libbcpkix-java libbcprov-java libclosure-compiler-java
	libcommons-beanutils-java libcommons-cli-java libcommons-codec-java libcommons-collections4-java libcommons-compress-java
	libcommons-configuration2-java libcommons-csv-java libcommons-dbcp2-java libcommons-fileupload-java libcommons-io-java
	libcommons-lang3-java libcommons-math3-java libcommons-net-java libcommons-pool2-java libcommons-text-java libfreemarker-java
	libgoogle-gson-java libguava-java libhttpclient-java libjackson2-databind-java libjackson2-dataformat-yaml
	libjcommander-java libjetty9-java libjna-java libjoda-time-java liblog4j2-java liblogback-java libmariadb-java libmail-java
	libnetty-java libokhttp-java libpdfbox2-java libpostgresql-jdbc-java libprotobuf-java libslf4j-java
	libspring-context-java libspring-jdbc-java libspring-web-java libthrift-java libtomcat10-java libxstream-java libzookeeper-java`)

const sharedJava = "usr/share/java"

// applicationJars copies jars of Debian's packages to where an application has
// its own: the copies belong to no package.
func applicationJars(_ *builder, root string) error {
	jars, err := regularJars(filepath.Join(root, sharedJava))
	if err != nil {
		return err
	}
	for i, jar := range jars {
		if i%3 == 0 {
			continue
		}
		if err := copyFile(jar, filepath.Join(root, "opt/app/lib", filepath.Base(jar)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// regularJars returns the jars of a directory that are no links and have more in
// them than a manifest.
func regularJars(dir string) ([]string, error) {
	jars, err := filepath.Glob(filepath.Join(dir, "*.jar"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(jars, func(name string) bool {
		info, err := os.Lstat(name)
		return err != nil || !info.Mode().IsRegular() || info.Size() < 40<<10
	}), nil
}

// applicationArchives makes the archives that build tools make of such jars.
func applicationArchives(_ *builder, root string) error {
	jars, err := regularJars(filepath.Join(root, sharedJava))
	if err != nil {
		return err
	}
	if len(jars) < 30 {
		return fmt.Errorf("%d jars in %s are too few", len(jars), sharedJava)
	}
	// A jar in a jar in a jar, as a plugin packs its libraries.
	inner, err := nest("lib/", jars[:3])
	if err != nil {
		return err
	}
	app := filepath.Join(root, "opt/app")
	boot, err := nest("BOOT-INF/lib/", jars[3:25])
	if err != nil {
		return err
	}
	if boot, err = addMember(boot, "BOOT-INF/lib/inner-bundle-3.1.0.jar", inner); err != nil {
		return err
	}
	war, err := nest("WEB-INF/lib/", jars[20:30])
	if err != nil {
		return err
	}
	shaded, err := shade(slices.DeleteFunc(slices.Clone(jars), func(name string) bool {
		return !slices.ContainsFunc([]string{"gson", "commons-io", "commons-lang3", "commons-codec", "jcommander", "slf4j-api", "joda-time"}, func(s string) bool {
			return strings.HasPrefix(filepath.Base(name), s)
		})
	}))
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"bench-boot.jar": boot, "site.war": war, "app.jar": shaded} {
		if err := os.WriteFile(filepath.Join(app, name), data, 0o644); err != nil {
			return err
		}
	}
	// One library more and one less than the layer below.
	if err := os.Remove(filepath.Join(app, "lib", filepath.Base(jars[1]))); err != nil {
		return err
	}
	return copyFile(jars[0], filepath.Join(app, "lib", filepath.Base(jars[0])), 0o644)
}

// nest makes a jar of jars, stored as Spring Boot stores them so that they can be
// read in place.
func nest(prefix string, jars []string) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, jar := range jars {
		data, err := os.ReadFile(jar)
		if err != nil {
			return nil, err
		}
		if err := member(w, prefix+filepath.Base(jar), data, zip.Store); err != nil {
			return nil, err
		}
	}
	err := member(w, "META-INF/MANIFEST.MF", []byte("Manifest-Version: 1.0\r\nStart-Class: bench.Main\r\n\r\n"), zip.Deflate)
	if err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil { // which writes the directory
		return nil, err
	}
	return buf.Bytes(), nil
}

func member(w *zip.Writer, name string, data []byte, method uint16) error {
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return err
}

// addMember adds a stored file to an archive.
func addMember(archive []byte, name string, data []byte) ([]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, f := range r.File {
		if err := w.Copy(f); err != nil {
			return nil, err
		}
	}
	if err := member(w, name, data, zip.Store); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil { // which writes the directory
		return nil, err
	}
	return buf.Bytes(), nil
}

// shade makes one jar of the classes of several, as Maven's shade plugin does: of
// files of the same name the first is kept, and each one's pom.properties survives.
func shade(jars []string) ([]byte, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	seen := make(map[string]bool)
	for _, jar := range jars {
		r, err := zip.OpenReader(jar)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", jar, err)
		}
		for _, f := range r.File {
			if seen[f.Name] || strings.HasSuffix(f.Name, "/") || strings.HasPrefix(path.Base(f.Name), "module-info") {
				continue
			}
			seen[f.Name] = true
			if err := w.Copy(f); err != nil {
				return nil, err
			}
		}
		if err := r.Close(); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil { // which writes the directory
		return nil, err
	}
	return buf.Bytes(), nil
}

// copyFile copies a file, and makes the directory that it goes into.
func copyFile(from, to string, mode os.FileMode) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	defer dst.Close()
	if _, err := io.Copy(dst, src); err != nil {
		return err
	}
	// After the copy and past the umask: writing takes a setuid bit away.
	if err := os.Chmod(to, mode); err != nil {
		return err
	}
	return dst.Close()
}
