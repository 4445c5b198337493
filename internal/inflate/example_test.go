package inflate_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// compressed is a gzip file to read in the examples.
func compressed(text string) io.Reader {
	var file bytes.Buffer
	w := gzip.NewWriter(&file)
	io.WriteString(w, text)
	w.Close()
	return &file
}

func ExampleNewGzipReader() {
	z := inflate.NewGzipReader(compressed("usr/bin/env\n"))
	if _, err := io.Copy(os.Stdout, z); err != nil {
		fmt.Println(err)
	}
	// Output: usr/bin/env
}

func ExampleNewReader() {
	stored := []byte{1, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l', 'o'}
	text, err := io.ReadAll(inflate.NewReader(bytes.NewReader(stored)))
	fmt.Printf("%s, %v\n", text, err)
	// Output: hello, <nil>
}

// An Error says what is wrong with a stream, and where.
func ExampleError() {
	stored := []byte{1, 5, 0, 0xfa, 0xff, 'h', 'e', 'l', 'l'}
	text, err := io.ReadAll(inflate.NewReader(bytes.NewReader(stored)))
	var e *inflate.Error
	if errors.As(err, &e) && errors.Is(err, io.ErrUnexpectedEOF) {
		fmt.Printf("%s, cut at byte %d\n", text, e.Offset)
	}
	// Output: hell, cut at byte 9
}

// One reader serves any number of streams, without another allocation.
func ExampleReader_Reset() {
	z := inflate.NewGzipReader(nil)
	for _, text := range []string{"the base\n", "the application\n"} {
		z.Reset(compressed(text))
		if _, err := z.WriteTo(os.Stdout); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// the base
	// the application
}

// Two buffers go round between the goroutine that inflates and one that hashes: neither copies,
// neither waits for the other unless both buffers are full, or empty.
func ExampleReader_Fill() {
	text := strings.Repeat("a layer to hash while it inflates\n", 100_000)
	z := inflate.NewGzipReader(compressed(text))

	type filled struct {
		buf   *inflate.Buffer
		piece []byte
	}
	full, empty := make(chan filled, 2), make(chan *inflate.Buffer, 2)
	empty <- new(inflate.Buffer)
	empty <- new(inflate.Buffer)
	digest := sha256.New()
	hashed := make(chan struct{})
	go func() {
		defer close(hashed)
		for f := range full {
			digest.Write(f.piece)
			empty <- f.buf
		}
	}()

	var err error
	for err == nil {
		f := filled{buf: <-empty}
		f.piece, err = z.Fill(f.buf)
		full <- f
	}
	close(full)
	<-hashed
	if err != io.EOF {
		fmt.Println(err)
	}
	fmt.Println([32]byte(digest.Sum(nil)) == sha256.Sum256([]byte(text)))
	// Output: true
}
