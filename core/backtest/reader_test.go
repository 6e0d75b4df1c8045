package backtest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/felt-cx/felt"
)

// readAll is what a file holds: rows, and "LINE: MESSAGE" of the bad ones.
func readAll(src io.Reader) (rows []Row, bad []string, kind Kind, err error) {
	r, err := NewReader(src)
	if err != nil {
		return nil, nil, "", err
	}
	for {
		var row Row
		err := r.Next(&row)
		if errors.Is(err, io.EOF) {
			return rows, bad, r.Kind(), nil
		}
		if p, ok := err.(*Problem); ok { //nolint:errorlint // one that is wrapped ends the file
			bad = append(bad, p.Error())
			continue
		}
		if err != nil {
			return rows, bad, r.Kind(), err
		}
		rows = append(rows, row)
	}
}

func gz(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

func TestReader(t *testing.T) {
	const at = 1704067200 * felt.Second
	one := []Row{{Line: 2, At: at, Success: 5, Degraded: 2, Failed: 1}}
	val := []Row{{Line: 2, At: at, Value: 1.5}}
	for _, c := range []struct {
		name, in string
		rows     []Row
		bad      []string
		err      string
	}{
		{name: "counts", in: "ts,success,degraded,failed\n1704067200,5,2,1\n", rows: one},
		{name: "no end of the last line", in: "ts,success,degraded,failed\n1704067200,5,2,1", rows: one},
		{name: "windows, any case and order, blanks", in: "\xef\xbb\xbf Failed , SUCCESS,Time,degraded\r\n 1, 5,1704067200 ,2\r\n\r\n", rows: one},
		{name: "quoted", in: "\"ts\",\"success\",\"degraded\",\"failed\"\n\"1704067200\",\"5\",\"2\",\"1\"\n", rows: one},
		{name: "semicolons", in: "ts;success;degraded;failed\n1704067200;5;2;1\n", rows: one},
		{name: "tabs", in: "ts\tsuccess\tdegraded\tfailed\n1704067200\t5\t2\t1\n", rows: one},
		{name: "gzip", in: gz("ts,success,degraded,failed\n1704067200,5,2,1\n"), rows: one},
		{name: "without degraded", in: "ts,failure,success\n1704067200,1,5\n", rows: []Row{{Line: 2, At: at, Success: 5, Failed: 1}}},
		{name: "slow and abandoned", in: "ts,success,failed,slow,abandoned\n1704067200,5,1,3,2\n", rows: []Row{{Line: 2, At: at, Success: 5, Failed: 1, Slow: 3, Abandoned: 2}}},
		{name: "milliseconds, floats", in: "timestamp,degraded,failed,success\n1704067200000,2.0,1.0,5e0\n", rows: one},
		{name: "epoch as a float", in: "ts,success,degraded,failed\n1.7040672e9,5,2,1\n", rows: one},
		{name: "value", in: "timestamp,value\n2024-01-01 00:00:00,1.5\n", rows: val},
		{name: "value with a label", in: "\"TimeStamp\",\"Value\",\"Label\"\n\"2024-01-01T00:00:00Z\",\"1.5\",\"0\"\n", rows: val},
		{name: "further columns with anything in them", in: "x,timestamp,value,note\n\"a, \"\"b\"\"\nc\",1704067200,1.5,\n", rows: val},
		{name: "more columns than the header", in: "timestamp,value\n1704067200,1.5,7,8\n", rows: val},
		{name: "missing values", in: "timestamp,value\n1704067199,\n1704067199,NaN\n1704067199,null\n1704067200,1.5\n", rows: []Row{{Line: 5, At: at, Value: 1.5}}},
		{name: "nothing counted", in: "ts,success,degraded,failed\n1704067200,5,,1\n", rows: []Row{{Line: 2, At: at, Success: 5, Failed: 1}}},
		{
			name: "fractions are carried on", in: "ts,success,failed\n1,0.4,0\n2,0.4,0\n3,0.4,0\n4,0.4,0\n5,0.4,0\n",
			rows: []Row{
				{Line: 2, At: felt.Second},
				{Line: 3, At: 2 * felt.Second, Success: 1},
				{Line: 4, At: 3 * felt.Second},
				{Line: 5, At: 4 * felt.Second, Success: 1},
				{Line: 6, At: 5 * felt.Second},
			},
		},
		{
			name: "bad rows are told and passed over",
			in:   "ts,success,degraded,failed\nnow,1,1,1\n1704067200,-1,1,1\n1704067200,NaN,1,1\n1704067200,1,1,many\n1704067200\n1704067200,1,1\n1704067200,1e16,1,1\n1704067200,9999999999999999999,1,1\n1704067200,5,2,1\n",
			rows: []Row{{Line: 10, At: at, Success: 5, Degraded: 2, Failed: 1}},
			bad: []string{
				`2: "now" is no time: want epoch seconds, or 2026-11-21T14:00:00Z`,
				"3: success is -1, and a count is not below 0: of a counter that only grows, give the increase in each window",
				"4: success is NaN: leave the row out when nothing is known, or write 0 when there was none",
				`5: failed "many" is no number`,
				`6: has one column, want 4 divided by "," as in the header`,
				"7: has 3 columns, want 4 as in the header",
				"8: success 1e16 is more than anybody has",
				"9: success 9999999999999999999 is more than anybody has",
			},
		},
		{name: "bad values", in: "timestamp,value\n1,one\n2,\"1,5\"\n3,Inf\n", bad: []string{`2: value "one" is no number`, `3: value "1,5" is no number: want a point for decimals, and nothing between thousands`, `4: value "Inf" is no number`}},
		{name: "control characters are not shown", in: "timestamp,value\n1,\x1b[31m\n", bad: []string{`2: value "?[31m" is no number`}},

		{name: "empty", in: "", err: "is empty: want a header such as ts,success,degraded,failed"},
		{name: "only blank lines", in: "\n \n", err: "is empty"},
		{name: "no times", in: "series,kind,start,end\n", err: "has no column of times (only series, kind, start, end): want ts,success,degraded,failed or timestamp,value"},
		{name: "no header", in: "1704067200,5,2,1\n", err: "has no header: put a first line"},
		{name: "no header, dates", in: "2024-01-01 00:00:00,5\n", err: "has no header"},
		{name: "no counts", in: "timestamp,cpu\n", err: "has neither success and failed nor value (only cpu)"},
		{name: "no success", in: "ts,failed\n", err: "failed without success"},
		{name: "no failed", in: "ts,success\n", err: "success without failed"},
		{name: "binary", in: "\x00\x01\x02", err: "is no text"},
		{name: "UTF-16", in: "\xff\xfet\x00s\x00", err: "is UTF-16: save it as CSV UTF-8"},
		{name: "open quote", in: "timestamp,value\n1,1\n2,\"1\n3,1\n", rows: []Row{{Line: 2, At: felt.Second, Value: 1}}, err: `3: a quote " opens here and never closes`},
		{name: "long line", in: "timestamp,value\n1,1\n" + strings.Repeat("x", 2<<20), rows: []Row{{Line: 2, At: felt.Second, Value: 1}}, err: "3: the line is longer than 1 MiB"},
		{name: "gzip cut off", in: gz("timestamp,value\n1,1\n")[:20], err: "unexpected EOF"},
		{name: "gzip damaged", in: "\x1f\x8bnonsense", err: "unpacking"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, bad, _, err := readAll(strings.NewReader(c.in))
			if got, want := fmt.Sprint(rows), fmt.Sprint(c.rows); got != want {
				t.Errorf("rows\n%s, want\n%s", got, want)
			}
			if got, want := strings.Join(bad, "\n"), strings.Join(c.bad, "\n"); got != want {
				t.Errorf("bad\n%s\nwant\n%s", got, want)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
			piece, _, _, _ := readAll(iotest.OneByteReader(strings.NewReader(c.in)))
			if fmt.Sprint(piece) != fmt.Sprint(rows) {
				t.Errorf("byte by byte: %v", piece)
			}
		})
	}
}

func TestStamp(t *testing.T) {
	want := time.Date(2024, 2, 29, 13, 4, 5, 0, time.UTC)
	for in, form := range map[string]Form{
		"1709211845": FormSeconds, "1709211845.0": FormSeconds, "1.709211845e9": FormSeconds,
		"1709211845000": FormMillis, "1709211845000000": FormMicros, "1709211845000000000": FormNanos,
		"2024-02-29T13:04:05Z": FormZoned, "2024-02-29t13:04:05z": FormZoned, "2024-02-29 13:04:05+00": FormZoned,
		"2024-02-29 14:04:05+01:00": FormZoned, "2024-02-29T07:34:05-0530": FormZoned, "2024-02-29 13:04:05 UTC": FormZoned,
		"2024-02-29T13:04:05.000Z": FormZoned, "2024-02-29 13:04:05.000000000000": FormUnzoned,
		"2024-02-29 13:04:05": FormUnzoned, "2024-02-29T13:04:05": FormUnzoned, "2024-02-29 13:04:05,000": FormUnzoned,
	} {
		at, f, ok := stamp([]byte(in))
		if !ok || f != form || at != felt.InstantOf(want) {
			t.Errorf("%s: %v %v %v, want %v %v", in, at.Time(), f, ok, want, form)
		}
	}
	for in, want := range map[string]felt.Instant{
		"0": 0, "1.5": 1500 * felt.Second / 1000, "2024-02-29": 1709164800 * felt.Second, "2024-02-29 13:04": 1709211840 * felt.Second,
		"1709211845.25": 1709211845*felt.Second + felt.Second/4, "2024-02-29T13:04:05.5Z": 1709211845*felt.Second + felt.Second/2,
		"1709211845123": 1709211845*felt.Second + 123*felt.Second/1000, "2024-02-28T24:00:00Z": 1709164800 * felt.Second,
	} {
		if at, _, ok := stamp([]byte(in)); !ok || at != want {
			t.Errorf("%s: %d %v, want %d", in, at, ok, want)
		}
	}
	for _, in := range []string{
		"", "x", "-1", "NaN", "1e300", "13:04", "29/02/2024 13:04:05", "2023-02-29", "2024-13-01", "2024-02-29T25:00", "2024-02-29T13:60",
		"2024-02-29T13:04:05X", "2024-02-29T13:04:05+1", "1969-12-31", "2200-01-01", "7258118400", "99999999999", "9223372036855", "9999999999999999999", "2024-02", "2024-02-29T13:04:05Z ",
	} {
		if at, _, ok := stamp([]byte(in)); ok {
			t.Errorf("%q was read as %v", in, at.Time())
		}
	}
}
