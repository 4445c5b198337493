package debarchive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/imagetrust/imagetrust/internal/deb822"
)

const (
	arMagic    = "!<arch>\n"
	arHeader   = 60
	maxControl = 1 << 20
	maxWindow  = 128 << 20
)

// ReadDeb reads a package as it comes, without keeping it. It calls file for each regular file
// in it, with a reader of its content that is valid for the call. Both the package and an error may be
// returned: what was read of a damaged one. It needs the program xz for packages that are
// compressed by it, as most are.
func ReadDeb(r io.Reader, file func(h *tar.Header, r io.Reader) error) (*Package, error) {
	magic := make([]byte, len(arMagic))
	if _, err := io.ReadFull(r, magic); err != nil || string(magic) != arMagic {
		return nil, fmt.Errorf("%w: no package: %v", ErrFormat, err)
	}
	var p *Package
	for {
		name, member, padded, err := nextMember(r)
		if err == io.EOF {
			return p, fmt.Errorf("%w: a package without files", ErrFormat)
		}
		if err != nil {
			return p, err
		}
		switch {
		case strings.HasPrefix(name, "control.tar"):
			if p, err = readControl(name, member); err != nil {
				return nil, err
			}
		case strings.HasPrefix(name, "data.tar"):
			err := eachFile(name, member, file)
			switch {
			case err == nil && p == nil:
				err = fmt.Errorf("%w: files before the control file", ErrFormat)
			case err == nil && member.N > 0: // Nothing is a sound file to some formats.
				err = fmt.Errorf("%w: it ends early", ErrFormat)
			}
			return p, err
		}
		if _, err := io.Copy(io.Discard, io.MultiReader(member, io.LimitReader(r, padded))); err != nil {
			return p, err
		}
	}
}

// nextMember returns the next member of an archive, ar(5): its name, a reader of its content, and the
// number of bytes behind that.
func nextMember(r io.Reader) (name string, content *io.LimitedReader, padded int64, err error) {
	head := make([]byte, arHeader)
	if _, err := io.ReadFull(r, head); err != nil {
		return "", nil, 0, err
	}
	size, err := strconv.ParseInt(strings.TrimSpace(string(head[48:58])), 10, 64)
	if err != nil || size < 0 || string(head[58:]) != "`\n" {
		return "", nil, 0, fmt.Errorf("%w: header of a member: %q", ErrFormat, head)
	}
	return strings.TrimRight(string(head[:16]), " /"), &io.LimitedReader{R: r, N: size}, size % 2, nil
}

// readControl returns what the control file of a package says.
func readControl(name string, r io.Reader) (p *Package, err error) {
	err = eachFile(name, r, func(h *tar.Header, r io.Reader) error {
		if strings.TrimPrefix(h.Name, "./") != "control" {
			return nil
		}
		text, err := io.ReadAll(io.LimitReader(r, maxControl))
		for s := range deb822.Stanzas(string(text)) {
			p = newPackage(s)
			break
		}
		return err
	})
	if err == nil && p == nil {
		err = fmt.Errorf("%w: no control file", ErrFormat)
	}
	return p, err
}

// eachFile calls file for each regular file of a compressed archive, and reads that to its end.
func eachFile(name string, r io.Reader, file func(h *tar.Header, r io.Reader) error) error {
	plain, err := Decompress(name, r)
	if err != nil {
		return err
	}
	for tr := tar.NewReader(plain); ; {
		h, err := tr.Next()
		if err == io.EOF {
			_, err = io.Copy(io.Discard, plain)
			return errors.Join(err, plain.Close())
		}
		if err != nil {
			return errors.Join(fmt.Errorf("%w: %v", ErrFormat, err), plain.Close())
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := file(h, tr); err != nil {
			return errors.Join(err, plain.Close())
		}
	}
}

// Decompress returns the content of a file, by the end of its name. Closing it waits for the
// program that decompresses, and says what that said.
func Decompress(name string, r io.Reader) (io.ReadCloser, error) {
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "gz":
		return gzip.NewReader(r)
	case "zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case "xz":
		return runXZ(r)
	}
	return io.NopCloser(r), nil
}

// unpacking is a program that decompresses.
type unpacking struct {
	io.ReadCloser
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

func runXZ(r io.Reader) (io.ReadCloser, error) {
	u := &unpacking{cmd: exec.Command("xz", "--decompress", "--stdout", "--quiet"), stderr: new(bytes.Buffer)}
	u.cmd.Stdin, u.cmd.Stderr = r, u.stderr
	var err error
	if u.ReadCloser, err = u.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	return u, u.cmd.Start()
}

// Close implements io.Closer. What is not read by then is an error: the program could not write it.
func (u *unpacking) Close() error {
	if err := errors.Join(u.ReadCloser.Close(), u.cmd.Wait()); err != nil {
		return fmt.Errorf("%w: xz: %v: %s", ErrFormat, err, strings.TrimSpace(u.stderr.String()))
	}
	return nil
}
