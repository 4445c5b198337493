package osv

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/imagetrust/imagetrust/sbom"
)

// BuildStats says what became of the records of a build.
type BuildStats struct {
	// Records and Packages are in the index, a package counting once a record.
	Records, Packages int
	// Withdrawn records were dropped.
	Withdrawn int
	// Unmatchable are packages of records, or records, that name no package, or
	// only git commits. They were dropped.
	Unmatchable int
	// GitRanges were left out; most stand beside ranges of versions.
	GitRanges int
	// Duplicates are records dropped because another source has the same id and
	// is not older: osv.dev lists a record in each of its ecosystems.
	Duplicates int
	// Rejected is the number of records that could not be read; Failures has the
	// first MaxFailures of them.
	Rejected int
	Failures []*RecordError
	// Size of the index in bytes.
	Size int64
	// Digest and Built are those of the DB.
	Digest sbom.Digest
	Built  time.Time
}

// MaxFailures is how many failures a BuildStats lists.
const MaxFailures = 100

// Build reads all records of the sources and writes their index to dst. The
// same records give the same bytes, whatever their order and grouping. It needs
// memory for the index, about 200 bytes a record and package, and writes to dst
// only at the end.
//
// A record that cannot be read does not fail the build: it is counted, in the
// stats and in the index, and a scan with that index says so in Report.Gaps.
// Errors are those of the sources, of ctx and of dst, and ErrNoRecords.
func Build(ctx context.Context, dst io.Writer, sources ...Source) (BuildStats, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := make(chan Raw, 64)
	workers := make([]collector, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for raw := range in {
				workers[i].add(raw)
			}
		})
	}
	err := feed(ctx, in, sources)
	close(in)
	wg.Wait()
	if err != nil {
		return BuildStats{}, err
	}
	records, stats := merge(workers)
	if len(records) == 0 {
		return stats, fmt.Errorf("%w: %d rejected, %d withdrawn", ErrNoRecords, stats.Rejected, stats.Withdrawn)
	}
	body := assemble(records, &stats)
	stats.Digest, err = writeFile(dst, body)
	stats.Size = headerSize + countPages(int64(len(body)))*sha256.Size + int64(len(body))
	return stats, err
}

func feed(ctx context.Context, in chan<- Raw, sources []Source) error {
	for _, s := range sources {
		for raw, err := range s.Records(ctx) {
			if err != nil {
				return err
			}
			select {
			case in <- raw:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return ctx.Err()
}
