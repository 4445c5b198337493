package procfs_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/imagetrust/imagetrust/rbom"
	"github.com/imagetrust/imagetrust/rbom/procfs"
)

// Watch this very process for one sample, and see that it runs a program.
func ExampleRecorder_Record() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	rec, err := procfs.New(&procfs.Options{
		NoDigest: true,
		Sampled:  func(int, int) { cancel() }, // a service would be watched for longer
	}).Record(ctx, rbom.Target{PID: os.Getpid()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range rec.Observations {
		if o.Kind == rbom.KindExec && o.Process.PID == os.Getpid() {
			fmt.Println("this program was seen to run")
		}
	}
	// Output: this program was seen to run
}
