//go:build linux

// Command mkrecording runs the program of the quickstart's image and records what
// it does, as a deployment would be watched:
//
//	go run ./examples/quickstart/internal/mkrecording -image examples/quickstart/testdata/image -out examples/quickstart/testdata/recording.json
//
// It unpacks the image into a temporary directory and starts its program there with
// chroot(2), so it must be root. The program serves a few requests and contacts one
// system, both on the loopback interface, while rbom/procfs samples it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/rbom/procfs"
	"github.com/imagetrust/imagetrust/sbom/image"
)

func main() {
	log.SetFlags(0)
	layout := flag.String("image", "", "OCI layout of the image")
	out := flag.String("out", "", "file for the recording")
	flag.Parse()
	rec, err := run(context.Background(), *layout)
	if err != nil {
		log.Fatal("mkrecording: ", err)
	}
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		log.Fatal("mkrecording: ", err)
	}
	if err := os.WriteFile(*out, append(b, '\n'), 0o644); err != nil {
		log.Fatal("mkrecording: ", err)
	}
}

func run(ctx context.Context, layout string) (*rbom.Recording, error) {
	img, err := image.Open(layout, nil)
	if err != nil {
		return nil, err
	}
	defer img.Close()
	root, err := os.MkdirTemp("", "mkrecording")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	if err := unpack(ctx, img, root); err != nil {
		return nil, err
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer upstream.Close()

	cmd := exec.Command("/app/storefront")
	cmd.Env = []string{"UPSTREAM=" + upstream.Addr().String()}
	cmd.Dir = "/app"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the program did not start: %w", err)
	}
	address := line[strings.LastIndexByte(line, ' ')+1 : len(line)-1]
	return watch(ctx, address, rbom.Target{PID: cmd.Process.Pid, Subject: img.Subject()})
}

// watch sends requests until 20 samples were taken.
func watch(ctx context.Context, address string, t rbom.Target) (*rbom.Recording, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	requests := 0
	opts := &procfs.Options{Interval: 25 * time.Millisecond, Workload: "20 requests of one client", Sampled: func(samples, _ int) {
		if err := request(address); err == nil {
			requests++
		}
		if samples == 20 {
			cancel()
		}
	}}
	rec, err := procfs.New(opts).Record(ctx, t)
	if err == nil && requests != 20 {
		err = errors.New("the program did not answer all requests")
	}
	return rec, err
}

func request(address string) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := fmt.Fprintln(c, "en-GB;q=0.8, de: <b>hello</b>"); err != nil {
		return err
	}
	_, err = bufio.NewReader(c).ReadString('\n')
	return err
}

// unpack writes what the program needs: directories, files and links.
func unpack(ctx context.Context, img *image.Image, root string) error {
	fsys, err := img.FS(ctx)
	if err != nil {
		return err
	}
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(root, name)
		switch info, err := d.Info(); {
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case info.Mode().IsRegular():
			b, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			return os.WriteFile(target, b, info.Mode().Perm())
		}
		return nil // the program needs no links
	})
}
