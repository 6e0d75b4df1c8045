package jetstream

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	felt "github.com/felt-cx/felt"
)

func TestFrameComesBack(t *testing.T) {
	recs := []felt.Record{
		{Kind: felt.KindTelemetry, Part: 3, At: 1e18, Data: bytes.Repeat([]byte("x"), 300)},
		{Kind: felt.KindTick, Part: felt.Control, At: 1e18 + 1, Data: []byte{}},
		{Kind: felt.KindTelemetry, Part: 0, At: 1e18 + 1, Data: []byte{0}},
	}
	frame := appendFrame(nil, recs)
	if size := frameSize(recs); size < int64(len(frame)+storeOverhead+maxSubject) {
		t.Errorf("frameSize is %d, less than what is stored", size)
	}
	got, err := parseFrame(frame, 7)
	if err != nil {
		t.Fatal(err)
	}
	for i := range recs {
		recs[i].Seq = felt.Seq(7*4096 + i)
	}
	if diff := cmp.Diff(recs, got); diff != "" {
		t.Error(diff)
	}
	for n := range frame { // no beginning of a frame but those that end with a record is one
		if _, err := parseFrame(frame[:n], 7); err != nil && !errors.Is(err, felt.ErrCorrupt) {
			t.Errorf("%d bytes: %v, want ErrCorrupt", n, err)
		}
	}
}

func TestFrameLimits(t *testing.T) {
	ticks := make([]felt.Record, maxRecords+1)
	for i := range ticks {
		ticks[i] = felt.Record{Kind: felt.KindTick, Part: felt.Control}
	}
	if n := chunkLen(ticks); n != maxRecords {
		t.Errorf("%d records in a message, want at most %d", n, maxRecords)
	}
	if _, err := parseFrame(appendFrame(nil, ticks[:maxRecords]), 1); err != nil {
		t.Errorf("a frame with as many records as there may be: %v", err)
	}
	if _, err := parseFrame(appendFrame(nil, ticks), 1); !errors.Is(err, felt.ErrCorrupt) {
		t.Errorf("a frame with too many records: %v", err)
	}
	big := felt.Record{Kind: felt.KindTelemetry, Data: make([]byte, maxFrame)}
	if n := chunkLen([]felt.Record{big, big}); n != 1 {
		t.Errorf("%d records above the size of a message in one, want 1", n)
	}
	if n := chunkLen([]felt.Record{ticks[0], big}); n != 1 {
		t.Errorf("a small and a large record: %d in one message, want 1", n)
	}
}

func TestSubjects(t *testing.T) {
	p := func(parts ...felt.Part) []felt.Record {
		var recs []felt.Record
		for _, part := range parts {
			recs = append(recs, felt.Record{Part: part})
		}
		return recs
	}
	for _, tt := range []struct {
		recs []felt.Record
		want string
	}{
		{p(0), "felt.log.9.0"},
		{p(63, 63), "felt.log.9.63"},
		{p(felt.Control, felt.Control), "felt.log.9.control"},
		{p(1, felt.Control), "felt.log.9.mixed"},
		{p(1, 2), "felt.log.9.mixed"},
	} {
		if got := subjectOf("felt.log.9.", tt.recs); got != tt.want {
			t.Errorf("subject of %v: %q, want %q", tt.recs, got, tt.want)
		}
	}
}

func TestParseAck(t *testing.T) {
	for _, tt := range []struct {
		answer string
		seq    uint64
		err    error
	}{
		{`{"stream":"FELT-1","seq":42}`, 42, nil},
		{`{"stream":"FELT-1","seq":42,"duplicate":true}`, 42, nil},
		{`{"error":{"code":503,"err_code":10077,"description":"no space left on device"},"stream":"FELT-1","seq":0}`, 0, felt.ErrUnavailable},
		{`{"stream":"FELT-1"}`, 0, felt.ErrUnavailable},
		{``, 0, felt.ErrUnavailable},
		{`+OK`, 0, felt.ErrUnavailable},
	} {
		seq, err := parseAck([]byte(tt.answer))
		if seq != tt.seq || !errors.Is(err, tt.err) {
			t.Errorf("%q: %d, %v; want %d, %v", tt.answer, seq, err, tt.seq, tt.err)
		}
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{frameFormat})
	f.Add(appendFrame(nil, []felt.Record{{Kind: felt.KindTick, Part: felt.Control, At: 5}}))
	f.Add(appendFrame(nil, []felt.Record{
		{Kind: felt.KindTelemetry, Part: 1, At: 5, Data: []byte("abc")},
		{Kind: felt.KindTelemetry, Part: 2, At: 6},
	}))
	f.Add([]byte{frameFormat, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		recs, err := parseFrame(b, 3)
		if err != nil {
			if !errors.Is(err, felt.ErrCorrupt) {
				t.Fatalf("error %v, want ErrCorrupt", err)
			}
			return
		}
		again, err := parseFrame(appendFrame(nil, recs), 3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(recs, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
