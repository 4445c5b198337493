package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// testKey returns a key.
func testKey(i int) string { return fmt.Sprintf("%064x", i) }

func newTestDirCache(t *testing.T) *DirCache {
	t.Helper()
	c, err := NewDirCache(filepath.Join(t.TempDir(), "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustPut(t *testing.T, c Cache, key string, value []byte) {
	t.Helper()
	if err := c.Put(context.Background(), key, value); err != nil {
		t.Fatal(err)
	}
}

// TestCacheContract is what the engine relies on, for each cache here.
func TestCacheContract(t *testing.T) {
	for name, c := range map[string]Cache{"memory": NewMemoryCache(1 << 10), "directory": newTestDirCache(t)} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			if v, err := c.Get(ctx, testKey(1)); !errors.Is(err, fs.ErrNotExist) || v != nil {
				t.Errorf("a key that was never put: %q, %v", v, err)
			}
			for _, want := range []string{"first", "second, longer", "", "4"} {
				mustPut(t, c, testKey(1), []byte(want))
				if got, err := c.Get(ctx, testKey(1)); err != nil || string(got) != want {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
			if _, err := c.Get(ctx, testKey(2)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("another key: %v", err)
			}
		})
	}
}

// TestMemoryCacheBound: the cache keeps to its size, and what was used last.
func TestMemoryCacheBound(t *testing.T) {
	ctx := context.Background()
	c := NewMemoryCache(100)
	for i := range 20 {
		mustPut(t, c, testKey(i), make([]byte, 30))
		if _, err := c.Get(ctx, testKey(0)); err != nil {
			t.Fatalf("after %d values, the one that is used all the time is gone", i)
		}
		if c.size > 100 || c.used.Len() != len(c.values) || c.size != int64(30*len(c.values)) {
			t.Fatalf("%d bytes in %d values", c.size, len(c.values))
		}
	}
	for i, there := range map[int]bool{0: true, 17: false, 18: true, 19: true} {
		if _, err := c.Get(ctx, testKey(i)); (err == nil) != there {
			t.Errorf("value %d: %v", i, err)
		}
	}
	mustPut(t, c, testKey(0), make([]byte, 101))
	if _, err := c.Get(ctx, testKey(0)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in place of a value that is too large, there is its predecessor: %v", err)
	}
	if c.size != 60 {
		t.Errorf("%d bytes", c.size)
	}
}

// TestDirCacheModes: nobody else can read or write.
func TestDirCacheModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes of files on Windows")
	}
	c := newTestDirCache(t)
	mustPut(t, c, testKey(1), []byte("x"))
	for name, want := range map[string]fs.FileMode{c.dir: fs.ModeDir | 0o700, filepath.Join(c.dir, testKey(1)): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	for _, mode := range []fs.FileMode{0o770, 0o707, 0o777 | fs.ModeSticky} {
		dir := filepath.Join(t.TempDir(), "open")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := NewDirCache(dir); !errors.Is(err, ErrCacheDir) {
			t.Errorf("%v: %v", mode, err)
		}
	}
	if os.Geteuid() == 0 {
		dir := t.TempDir()
		if err := os.Chown(dir, 12345, -1); err != nil {
			t.Skip(err)
		}
		if _, err := NewDirCache(dir); !errors.Is(err, ErrCacheDir) {
			t.Errorf("a directory of another user: %v", err)
		}
	}
}

func TestNewDirCacheNoDirectory(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{name, filepath.Join(name, "below")} {
		if c, err := NewDirCache(dir); err == nil {
			t.Errorf("%s: %v", dir, c)
		}
	}
}

// TestDirCacheStrangers: what is not a value is not read, be it what it may, and can be
// replaced if the file system lets it.
func TestDirCacheStrangers(t *testing.T) {
	ctx := context.Background()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, create := range map[string]func(name string) error{
		"symlink":   func(name string) error { return os.Symlink(secret, name) },
		"directory": func(name string) error { return os.Mkdir(name, 0o700) },
		"huge file": func(name string) error {
			return errors.Join(os.WriteFile(name, nil, 0o600), os.Truncate(name, maxCacheFile+1))
		},
		"pipe": makePipe,
	} {
		t.Run(name, func(t *testing.T) {
			c := newTestDirCache(t)
			file := filepath.Join(c.dir, testKey(1))
			if err := create(file); err != nil {
				t.Skip(err)
			}
			if v, err := c.Get(ctx, testKey(1)); !errors.Is(err, errCacheFile) {
				t.Errorf("read: %q, %v", v, err)
			}
			err := c.Put(ctx, testKey(1), []byte("new"))
			if name == "directory" {
				if err == nil {
					t.Error("a directory was replaced")
				}
			} else if v, gerr := c.Get(ctx, testKey(1)); err != nil || gerr != nil || string(v) != "new" {
				t.Errorf("not replaced: %v, %q, %v", err, v, gerr)
			}
			if left, _ := filepath.Glob(filepath.Join(c.dir, unfinished+"*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	if data, err := os.ReadFile(secret); err != nil || string(data) != "secret" {
		t.Errorf("the target of a symlink: %q, %v", data, err)
	}
}

// TestDirCacheKeys: no key is a path.
func TestDirCacheKeys(t *testing.T) {
	c := newTestDirCache(t)
	for _, key := range []string{"", "..", "a/b", strings.Repeat("A", 64), strings.Repeat("a", 63), strings.Repeat("a", 65),
		strings.Repeat("../", 21) + "a", strings.Repeat("a", 63) + "/", strings.Repeat("a", 63) + "\x00"} {
		if err := c.Put(context.Background(), key, nil); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("put %q: %v", key, err)
		}
		if _, err := c.Get(context.Background(), key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("get %q: %v", key, err)
		}
	}
}

// TestDirCacheConcurrent: whoever reads while others write and prune gets a whole
// value or none.
func TestDirCacheConcurrent(t *testing.T) {
	c := newTestDirCache(t)
	other := &DirCache{c.dir} // as of another process
	ctx := context.Background()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := range 50 {
				mustPutAll(t, c, testKey(i%3), bytes.Repeat([]byte{byte(w)}, 1000*(w+1)))
				v, err := other.Get(ctx, testKey((i+1)%3))
				if err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Error(err)
				}
				if len(v) > 0 && !bytes.Equal(v, bytes.Repeat(v[:1], 1000*(int(v[0])+1))) && runtime.GOOS != "windows" {
					t.Errorf("%d bytes of %d", len(v), v[0])
				}
				if i%10 == 0 {
					if err := other.Prune(ctx, 2000); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// mustPutAll is mustPut for other goroutines than the test's.
func mustPutAll(t *testing.T, c Cache, key string, value []byte) {
	if err := c.Put(context.Background(), key, value); err != nil {
		t.Error(err)
	}
}

// TestDirCachePrune removes what was not used for the longest time, and nothing that is not
// the cache's.
func TestDirCachePrune(t *testing.T) {
	c := newTestDirCache(t)
	ctx := context.Background()
	now := time.Now()
	age := func(name string, hours int) {
		t.Helper()
		at := now.Add(-time.Duration(hours) * time.Hour)
		if err := os.Chtimes(filepath.Join(c.dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		mustPut(t, c, testKey(i), make([]byte, 100))
		age(testKey(i), 10-i)
	}
	for _, name := range []string{"notes.txt", unfinished + "old", unfinished + "new"} {
		if err := os.WriteFile(filepath.Join(c.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	age("notes.txt", 1000)
	age(unfinished+"old", 2)
	if _, err := c.Get(ctx, testKey(0)); err != nil { // the oldest is in use
		t.Fatal(err)
	}
	if err := c.Prune(ctx, 250); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{testKey(0), testKey(4), "notes.txt", unfinished + "new"}; !slices.Equal(left, want) {
		t.Errorf("left: %q, want %q", left, want)
	}
}
