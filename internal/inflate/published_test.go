package inflate_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/imagetrust/imagetrust/internal/inflate"
)

// A published row is a stream that another decoder's tests have, and what it is to come to.
// Streams and output are bytes in hexadecimal, "00*5" standing for five of them.
type published struct {
	name   string
	stream string
	out    string // up to the error
	err    error
}

// ofFlate are the streams of Go's compress/flate tests.
var ofFlate = []published{
	{"unused half of a one-word meta code", "05e001 00*5 10 00*32 04", "", inflate.ErrSymbol},
	{"no literal code, no distance code", "05e00104 00*37 10", "", inflate.ErrSymbol},
	{"no meta code", "05e001 00*38 10", "", inflate.ErrSymbol},
	{"no distance code and a match", "000100feff000de001040000000010 00*32 2c", "00", inflate.ErrSymbol},
	{"one distance and the other's bit", "000100feff000de001 00*31 0610000000004070", "00", inflate.ErrSymbol},
	{"bits of no symbol behind literals", "05e00104000000001004 00*35 08", "00*31", inflate.ErrSymbol},
	{"bits of no symbol behind literals, one distance", "05e00104000000001004 00*31 0800000008", "00*31", inflate.ErrSymbol},
	{"one literal and the other's bit", "05e001040000000010 00*32 1c", "", inflate.ErrSymbol},
	{"32 distances", "edff8705000000002004 00*31 08 00*7 04", "", inflate.ErrCode},
	{"zeros beyond the end", "edfd8705000000002004 00*31 e8b100", "", inflate.ErrCode},
	{"30 distances without a code", "05fd0124 00*5 f8 ff*31 07000000fe01", "", nil},
	{"31 distances without a code", "05fe0124 00*5 f8 ff*31 07000000fc03", "", inflate.ErrCode},
	{"literal code over-subscribed", "05e00124 00*5 fc ff*31 07f00f", "", inflate.ErrCode},
	{"literal code incomplete", "05e00124 00*5 fc ff*26 fcffffffff07f00f", "", inflate.ErrCode},
	{"flat literal code", "05e00124 00*5 f8 ff*31 07f00f", "01", nil},
	{"flat literal code, some lengths", "05e30124 00*5 f8 ff*31 07807f", "01", nil},
	{"one distance, used", "000100feff000de001040000000010 00*32 3c", "00*4", nil},
	{"one literal, one distance", "05e001040000000010 00*32 0c", "", nil},
	{"one literal, no distance", "05e001040000000010 00*32 04", "", nil},
	{"zeros across the codes", "edfd8705000000002004 00*31 e8b000", "", nil},
	{"length without distance, unused", "ede001040000000010 00*32 0400004000", "", nil},
	{"length 258 as symbol 284", "000100feff00ede001040000000010 00*32 040000407f00", "00*259", nil},
	{"dynamic and fixed", "0cc2010d00000082b0ac4aff0eb07d27060000ffff", "616263616263", nil},
	{"fixed symbol 287", "33180700", "30", inflate.ErrSymbol},
	{"stored byte", "010100feff11", "11", nil},
	{"meta code over-subscribed", "344c4a4e494d4b070000ff2e2eff 2e*5 ff", "", inflate.ErrCode},
	{"empty distance code", "05c0070600000080400fff37a0ca", "", nil},
	{"empty distance code, literals", "050fb109c020cca5d017dcbca044881ee1034ec149c8980bbc413c2ab35be9dc" +
		"b1473449922449922411202306ee97b0383a521b4ffdcf3217f9f7d3adb701",
		"3130303634342068652e706870005d05355f7ed957ff084a90925d19e3ebc6d0c6d7", nil},
	{"cut: nothing of a stored block", "00", "", io.ErrUnexpectedEOF},
	{"cut: a byte of the length", "000c", "", io.ErrUnexpectedEOF},
	{"cut: no complement", "000c00", "", io.ErrUnexpectedEOF},
	{"cut: no stored byte", "000c00f3ff", "", io.ErrUnexpectedEOF},
	{"cut: some stored bytes", "000c00f3ff68656c6c6f", "68656c6c6f", io.ErrUnexpectedEOF},
	{"cut: no block behind the stored one", "000c00f3ff68656c6c6f2c20776f726c64", "68656c6c6f2c20776f726c64", io.ErrUnexpectedEOF},
	{"cut: nothing of a fixed block", "02", "", io.ErrUnexpectedEOF},
	{"cut: two literals", "f248cd", "4865", io.ErrUnexpectedEOF},
	{"cut: behind a match", "f248cd993061c2840900", "48656c 90*5", io.ErrUnexpectedEOF},
}

// ofZlib are the raw streams of zlib's test/infcover.c, in their order.
var ofZlib = []published{
	{"cut: a literal and no end", "6300", "00", io.ErrUnexpectedEOF},
	{"cut: a match and no end", "631805", "00*259", io.ErrUnexpectedEOF},
	{"fixed matches", "63186830d00000", "00*257", nil},
	{"empty fixed block", "0300", "", nil},
	{"stored length without its complement", "00*5", "", inflate.ErrBlock},
	{"reserved block type", "06", "", inflate.ErrBlock},
	{"stored byte", "010100feff00", "00", nil},
	{"288 literals, 32 distances", "fc0000", "", inflate.ErrCode},
	{"incomplete meta code", "0400feff", "", inflate.ErrCode},
	{"repetition of nothing", "0400244900", "", inflate.ErrCode},
	{"repetition beyond the end", "040024e9ffff", "", inflate.ErrCode},
	{"no word for the end of the block", "040024e9ff6d", "", inflate.ErrSymbol},
	{"wrong literal code", "048049922449922471ffff931100", "", inflate.ErrCode},
	{"wrong distance code", "04804992244992240fb4ffffc384", "", inflate.ErrCode},
	{"bits of no literal", "04c0810800000000207feb0b0000", "", inflate.ErrSymbol},
	{"fixed distance without a meaning", "027effff", "", inflate.ErrSymbol},
	{"distance before the start", "0cc081 00*5 90ff6b0400", "", inflate.ErrDistance},
	{"runs of zeros", "05c0210d00000080b0fe6d2f916c", "", nil},
	{"long words", "05e0819124cbb22c49e20f2e8b9a47569ffbfeecd2ff1f", "", nil},
	{"extra bits of a length", "edc001010000004020ff571b422c4f", "00*516", nil},
	{"long distance word with extra bits", "edcfc1b12c4710c430fa6f351d0182593dfbbe2e2afc0f0c", "00*518", nil},
	{"more than the window", "edc0810000000080a0fda917a9 00*32 06", "00*33025", nil},
	{"empty fixed blocks", "02082080000300", "", nil},
	{"two matches", "631805400c00", "00*262", nil},
	{"length with extra bits before the start", "e5e081ad6dcbb22cc9011e5963ae7deefb4dfdb5354168ff7f0f 00*6", "", inflate.ErrDistance},
	{"distance with extra bits before the start", "25fd81b56d59b66a49eaaf350634eb8cb9f6b91eef674950feffff3f 00*6", "", inflate.ErrDistance},
	{"fixed distance without a meaning, more behind", "037e 00*5", "", inflate.ErrSymbol},
	{"fixed length without a meaning, more behind", "1b07 00*5", "", inflate.ErrSymbol},
	{"long words before the start", "0dc701aeeb380c0441a08772dedffb1fb836b1385dffff00000000", "", inflate.ErrDistance},
	{"matches of other bytes", "6318058c100800000000", "00*259 01000100010001", nil},
	{"literals and matches", "63606018c9000818181826c0280029 00*7", "00*261 90 00*6 9000", nil},
	{"more zeros than are asked for", "630003 00*5", "00*6", nil},
}

func TestPublishedStreams(t *testing.T) {
	for _, p := range append(ofFlate, ofZlib...) {
		t.Run(p.name, func(t *testing.T) { p.check(t, deflate) })
	}
}

// check decodes the stream, in all ways, and compares it with the standard library's too.
func (p published) check(t *testing.T, f format) {
	in, want := unhex(t, p.stream), unhex(t, p.out)
	d := newComparer().decoders[f]
	d.Reset(bytes.NewReader(in))
	got, err := io.ReadAll(d)
	if !errors.Is(err, p.err) || (err == nil) != (p.err == nil) {
		t.Errorf("error %v, want %v", err, p.err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("output %x, want %x", got, want)
	}
	compareAllWays(t, f, in)
}

// unhex gives the bytes of a published row.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var all []byte
	for field := range strings.FieldsSeq(s) {
		digits, times, repeated := strings.Cut(field, "*")
		b, err := hex.DecodeString(digits)
		n := 1
		if repeated && err == nil {
			n, err = strconv.Atoi(times)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bytes.Repeat(b, n)...)
	}
	return all
}
