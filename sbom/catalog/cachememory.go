package catalog

import (
	"container/list"
	"context"
	"io/fs"
	"sync"
)

// MemoryCache is a [Cache] in memory. When it is full, the values that were not used
// for the longest time go first. Any number of goroutines may use it.
type MemoryCache struct {
	max int64

	mu     sync.Mutex
	size   int64
	values map[string]*list.Element
	used   *list.List // of *memoryValue, the last used first
}

type memoryValue struct {
	key   string
	value []byte
}

// NewMemoryCache returns a cache that keeps at most maxBytes bytes of values. A
// layer takes about 40 bytes for each of its files, and 30 more for each that is hashed
// or recorded by a package.
func NewMemoryCache(maxBytes int64) *MemoryCache {
	return &MemoryCache{max: maxBytes, values: make(map[string]*list.Element), used: list.New()}
}

// Get implements [Cache].
func (c *MemoryCache) Get(_ context.Context, key string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.values[key]
	if e == nil {
		return nil, fs.ErrNotExist
	}
	c.used.MoveToFront(e)
	return e.Value.(*memoryValue).value, nil
}

// Put implements [Cache]. A value that alone is larger than the cache is not kept,
// which is no error.
func (c *MemoryCache) Put(_ context.Context, key string, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(c.values[key])
	size := int64(len(value))
	if size > c.max {
		return nil
	}
	for c.size+size > c.max {
		c.remove(c.used.Back())
	}
	c.values[key] = c.used.PushFront(&memoryValue{key, value})
	c.size += size
	return nil
}

func (c *MemoryCache) remove(e *list.Element) {
	if e == nil {
		return
	}
	v := c.used.Remove(e).(*memoryValue)
	delete(c.values, v.key)
	c.size -= int64(len(v.value))
}
