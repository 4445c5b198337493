//go:build linux

package main

import (
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/images/blob"
)

// install is the step of most layers: Debian packages.
func install(packages string) func(b *builder, root string) error {
	return func(b *builder, root string) error {
		return chroot{root, b.cache}.install(strings.Fields(packages)...)
	}
}

// steps does one after the other in the same layer.
func steps(do ...func(b *builder, root string) error) func(b *builder, root string) error {
	return func(b *builder, root string) error {
		for _, f := range do {
			if err := f(b, root); err != nil {
				return err
			}
		}
		return nil
	}
}

// virtualenv makes a Python environment: packages of PyPI that no Debian package
// owns, out of the wheels that Debian ships for it.
func virtualenv(b *builder, root string) error {
	return chroot{root, b.cache}.run("python3", "-m", "venv", "/opt/venv")
}

// recipes are the images, the small ones first.
var recipes = []recipe{
	{name: "debian-base"},
	{name: "tampered", steps: []step{
		{name: "tools", compressor: blob.Klauspost, do: steps(install(`git jq gnupg nginx-light openssh-client perl-doc python3 python3-cryptography python3-flask python3-numpy
			python3-pip python3-requests python3-venv python3-yaml rsync vim wget`), virtualenv)},
		{name: "tampering", compressor: blob.GNU, do: tamper},
	}},
	{name: "java", steps: []step{
		{name: "runtime and libraries", compressor: blob.Klauspost, do: func(b *builder, root string) error {
			return install(strings.Join(javaLibraries, " "))(b, root)
		}},
		{name: "application jars", compressor: blob.GNU, do: applicationJars},
		{name: "application archives", compressor: blob.Pigz, do: applicationArchives},
	}},
	{name: "webapp", steps: []step{
		{name: "servers", compressor: blob.Klauspost, do: steps(install(`build-essential git jq less nginx python3-jinja2 python3-markdown python3-pip
			python3-redis python3-requests python3-venv python3-yaml redis-server`), virtualenv)},
		{name: "native programs", compressor: blob.Standard, do: native},
		{name: "npm packages", compressor: blob.Klauspost, do: npmApplication},
		{name: "Go programs", compressor: blob.Pigz, do: goPrograms},
		{name: "locales and manuals", compressor: blob.GNU, do: install("locales manpages manpages-dev python3-doc")},
		{name: "deletions", compressor: blob.Standard, do: deletions, omit: linked},
	}},
	{name: "big", steps: bigSteps()},
}
