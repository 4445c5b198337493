//go:build linux

package main

import (
	"fmt"
	"strings"

	"github.com/imagetrust/imagetrust/internal/bench/images/blob"
)

// bigLayers are the layers of the big image, Debian packages all: what a build
// machine collects over the years.
var bigLayers = []string{
	"build-essential gfortran cmake gdb",
	"golang-go",
	"python3-scipy python3-sympy python3-pip python3-venv python3-sphinx",
	"nodejs npm",
	"webpack eslint mocha rollup",
	"ruby-full rails",
	"openjdk-17-jdk-headless maven",
	"postgresql-15 redis-server nginx",
	"texlive-latex-base texlive-fonts-recommended",
	"emacs-nox vim nano tmux zsh",
	"r-base-core octave-doc",
	"php-cli php-symfony apache2",
	"imagemagick graphicsmagick ghostscript poppler-utils poppler-data",
	"git subversion mercurial cvs perl-doc manpages-dev",
	"libboost-dev linux-headers-amd64 libgtk-3-dev",
}

func bigSteps() (all []step) {
	compressors := []blob.Compressor{blob.Klauspost, blob.Standard, blob.GNU, blob.Pigz}
	for i, packages := range bigLayers {
		name, _, _ := strings.Cut(packages, " ")
		all = append(all, step{name: fmt.Sprint("with ", name), compressor: compressors[i%len(compressors)], do: install(packages)})
	}
	return all
}
