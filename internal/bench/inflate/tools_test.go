package inflate

import (
	"os/exec"
	"testing"
	"time"
)

// BenchmarkTools is the C programs that are installed, as processes: their start, and
// reading from files, are in it. Their figures are seconds of CPU, as is ours on one core.
func BenchmarkTools(b *testing.B) {
	tools := map[string][]string{
		"libdeflate": {"libdeflate-gunzip", "-c"},
		"igzip":      {"igzip", "-d", "-c"},
		"gzip":       {"gzip", "-d", "-c"},
	}
	for name, argv := range tools {
		if _, err := exec.LookPath(argv[0]); err != nil {
			b.Logf("%s is not installed", argv[0])
			delete(tools, name)
		}
	}
	all := layers(b)
	rows := chosen(all)
	for _, row := range []string{"base", "largest", "nearlyStored"} {
		l := rows[row]
		b.Run(row+"/"+sizeName(l.Size), func(b *testing.B) {
			oneCore(b)
			data := l.read(b)
			times := make(times)
			for turn := 0; b.Loop(); turn++ {
				_, took := race(b, turn, gzipDecoders(), one(data))
				for name, argv := range tools {
					took[name] = cpu(b, append(argv[:len(argv):len(argv)], l.file))
				}
				times.add(took)
			}
			times.report(b, "MB/s", func(d time.Duration) float64 { return float64(l.Size) / 1e6 / d.Seconds() })
		})
	}
}

// cpu runs a program, throws its output away and returns the time that it took of
// the processor.
func cpu(tb testing.TB, argv []string) time.Duration {
	cmd := exec.Command(argv[0], argv[1:]...) // no Stdout: /dev/null
	if err := cmd.Run(); err != nil {
		tb.Fatalf("%q: %v", argv, err)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}
