package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/felt-cx/felt/core/backtest"
)

// historyStart is when the histories of the scripts begin.
const historyStart = 1704067200

// madeHistory is one of 1,800 windows of 10 s in which one in a hundred fails, and half from
// window 1,200 on for ten minutes; or of as many minutes of a value that jumps at the 1,200th.
func madeHistory(form string) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString(map[string]string{"counts": "ts,success,degraded,failed\n", "millis": "ts,success,degraded,failed\n", "values": "timestamp,value\n"}[form])
	for i := range 1800 {
		failed := 0
		for range 40 {
			if bad := i >= 1200 && i < 1260; bad && random.Float64() < 0.5 || random.Float64() < 0.01 {
				failed++
			}
		}
		switch form {
		case "counts":
			fmt.Fprintf(&b, "%d,%d,0,%d\n", historyStart+10*i, 40-failed, failed)
		case "millis":
			fmt.Fprintf(&b, "%d,%d,0,%d\n", 1000*(historyStart+10*i), 40-failed, failed)
		default:
			fmt.Fprintf(&b, "%d,%d\n", historyStart+60*i, 100+i*7%11+i/1200*300)
		}
	}
	return b.String()
}

// historyCommand is history FILE FORM, of the scripts.
func historyCommand(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
	ts.Check(os.WriteFile(name, []byte(madeHistory(args[1])), 0o644))
}

// lastServer answers as the API does: how far it is, then the last line.
func lastServer(t *testing.T, status int, lines ...string) (url string, asked *http.Request) {
	t.Helper()
	asked = new(http.Request)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = *r
		w.WriteHeader(status)
		for _, l := range lines {
			_, _ = io.WriteString(w, l+"\n")
			_ = http.NewResponseController(w).Flush()
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

const lastAnswerLine = `{"backtest":{"covered":{"from":"2026-02-25T13:50:00Z","to":"2026-03-04T13:50:00Z","lead_seconds":86400,"rows":1000},
"findings":[
{"id":"a","kind":"failed","app":"shop","name":"pay","series":"step","opened":"2026-03-04T12:50:30Z","ended":"2026-03-04T13:00:00Z","seconds_to_detect":30,"paging":true,"explanation":"30 of 100 failed"},
{"id":"b","kind":"drop","app":"shop","name":"pay","series":"step","segment":{"region":"eu"},"opened":"2026-03-04T13:00:30Z","ended":null,"seconds_to_detect":90,"paging":false,"explanation":"3 came"},
{"id":"c","kind":"slow","app":"shop","name":"checkout","series":"journey","opened":"2026-03-04T13:10:30Z","ended":null,"seconds_to_detect":12.5,"paging":false,"explanation":"slow"}],
"notes":["asked for more"]}}`

func runLast(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	code = run(context.Background(), append([]string{"backtest", "--last", "7d"}, args...), nil, &o, &e)
	return code, o.String(), e.String()
}

func TestBacktestOfAServer(t *testing.T) {
	url, asked := lastServer(t, 200, `{"progress":{"at":null,"rows":0,"of":0}}`, `{"progress":{"at":"2026-03-01T00:00:00Z","rows":500,"of":1000}}`, strings.ReplaceAll(lastAnswerLine, "\n", ""))
	alarms := filepath.Join(t.TempDir(), "out.csv")
	code, out, errs := runLast(t, "--server", url+"/felt/", "--of", "shop/pay", "--false-alarms", "2 a day", "--alarms", alarms)
	if code != 0 || errs != "felt: judged up to 2026-03-01 00:00, 500 interactions (50 %)\n" {
		t.Errorf("exit %d, %s", code, errs)
	}
	want := `2026-02-25 13:50 to 2026-03-04 13:50 UTC: 1000 interactions judged, after 1.0 days from which was learned what is usual
note: asked for more
3 things would have been found, 1 of them would have woken somebody

                       found  waking  time to detect: median  longest
step shop/pay          2      1       1m30s                   1m30s
journey shop/checkout  1      0       13s                     13s

found
  2026-03-04 12:50  failed  step shop/pay            wakes  after 30s    for 9m30s      30 of 100 failed
  2026-03-04 13:00  drop    step shop/pay region=eu         after 1m30s  for until now  3 came
  2026-03-04 13:10  slow    journey shop/checkout           after 13s    for until now  slow
`
	if out != want {
		t.Errorf("out\n%s\nwant\n%s", out, want)
	}
	if q := asked.URL.Query(); asked.URL.Path != "/felt/api/v1/backtest" || q.Get("last") != "7d" || q.Get("of") != "shop/pay" || q.Get("false_alarms") != "2 a day" {
		t.Errorf("asked %s", asked.URL)
	}
	if b, err := os.ReadFile(alarms); err != nil || string(b) != "series,time,kind\nshop/checkout,1772629830,slow\nshop/pay,1772628630,failed\nshop/pay?region=eu,1772629230,drop\n" {
		t.Errorf("%s %v", b, err)
	}
	if code, out, _ := runLast(t, "--server", url, "--json"); code != 0 || !json.Valid([]byte(out)) || asked.URL.Query().Has("false_alarms") {
		t.Errorf("exit %d, %s, asked %s", code, out, asked.URL)
	}
	if code, out, _ := runLast(t, "--server", url, "--only-waking"); code != 0 || !strings.Contains(out, "1 thing would have been found") {
		t.Errorf("exit %d, %s", code, out)
	}
}

func TestBacktestOfAServerThatDoesNot(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		lines  []string
		want   string
	}{
		"refuses":       {429, []string{`{"title":"Too Many Requests","detail":"another backtest is being made; one is made at a time"}`}, "says 429 Too Many Requests: another backtest is being made"},
		"does not see":  {400, []string{`{"title":"Bad Request","detail":"window=\"7x\": want a length"}`}, "says 400 Bad Request: window=\"7x\": want a length"},
		"is no Felt":    {404, []string{"<html>"}, "says 404 Not Found: no reason was given"},
		"has a problem": {200, []string{`{"progress":{"at":null}}`, `{"problem":{"title":"Internal Server Error","detail":"the store is closed"}}`}, "says: the store is closed"},
		"goes away":     {200, []string{`{"progress":{"at":null}}`}, "went away before it was done"},
		"breaks off":    {200, []string{`{"progress":{"at"`}, "unexpected EOF"},
		"answers else":  {200, []string{`{"backtest":[]}`}, "is not understood"},
		"says nothing":  {200, nil, "went away"},
	} {
		t.Run(name, func(t *testing.T) {
			url, _ := lastServer(t, c.status, c.lines...)
			exit := exitFailed
			if c.status == 400 {
				exit = exitUsage
			}
			if code, _, errs := runLast(t, "--server", url); code != exit || !strings.Contains(errs, c.want) {
				t.Errorf("exit %d, %s, want %q", code, errs, c.want)
			}
		})
	}
}

// TestBacktestInterrupted: an interrupt ends it at once and leaves no half file.
func TestBacktestInterrupted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(madeHistory("counts")), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var o, e strings.Builder
	out := filepath.Join(dir, "out.csv")
	if code := run(ctx, []string{"backtest", "--buckets", dir, "--alarms", out}, nil, &o, &e); code != exitFailed || !strings.Contains(e.String(), "canceled") {
		t.Errorf("exit %d, %s", code, e.String())
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("there is an out.csv")
	}
}

// TestPacks runs the command over histories of others and tells the alarms by kind, for what is
// named in FELT_STREAMS, FELT_NAB and FELT_MSCLOUD: directories with CSV files.
func TestPacks(t *testing.T) {
	for _, env := range []string{"FELT_STREAMS", "FELT_NAB", "FELT_MSCLOUD"} {
		t.Run(env, func(t *testing.T) {
			dir := os.Getenv(env)
			if dir == "" {
				t.Skip(env + " names no directory")
			}
			args := []string{"backtest", "--buckets", dir, "--json"}
			if truth := filepath.Join(dir, "truth.csv"); fileExists(truth) {
				args = append(args, "--truth", truth)
			}
			var o, e strings.Builder
			if code := run(context.Background(), args, nil, &o, &e); code != 0 {
				t.Fatalf("exit %d: %s", code, e.String())
			}
			var r struct {
				Series []struct {
					Alarms []struct {
						Kind string `json:"kind"`
					} `json:"alarms"`
				} `json:"series"`
				Score *backtest.Score `json:"score"`
			}
			if err := json.Unmarshal([]byte(o.String()), &r); err != nil {
				t.Fatal(err)
			}
			by := map[string]int{}
			for _, s := range r.Series {
				for _, a := range s.Alarms {
					by[a.Kind]++
				}
			}
			t.Logf("%d series, alarms %v", len(r.Series), by)
			if r.Score != nil {
				t.Logf("%+v", *r.Score)
			}
			if len(r.Series) == 0 || len(by) == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// TestBacktestFiles: links, odd names, files that may not be read, the same series twice.
func TestBacktestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	counts := madeHistory("counts")
	write("b/<x> & \"y\".CSV", counts)
	write("twice.csv", counts)
	var z strings.Builder
	w := gzip.NewWriter(&z)
	_, _ = io.WriteString(w, counts)
	_ = w.Close()
	write("twice.csv.gz", z.String())
	write("packed.csv", z.String()) // by its content
	write(".hidden", "")
	if err := os.Symlink(filepath.Join(dir, "packed.csv"), filepath.Join(dir, "link.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "b"), filepath.Join(dir, "linked.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "dead.csv")); err != nil {
		t.Fatal(err)
	}
	h := history{cmd: &backtestCmd{Plot: filepath.Join(dir, "plot")}, std: streams{io.Discard, io.Discard}}
	if err := h.list(dir); err != nil {
		t.Fatal(err)
	}
	if err := h.judge(context.Background()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range h.report.Series {
		names = append(names, s.Name)
		if len(s.Alarms) != 1 {
			t.Errorf("%s: %d alarms: %+v", s.Name, len(s.Alarms), s.Alarms)
		}
	}
	if want := []string{"b/<x> & \"y\"", "link", "packed", "twice"}; !slices.Equal(names, want) {
		t.Errorf("series %q, want %q", names, want)
	}
	if got := fmt.Sprint(h.report.Skipped); got != "[.hidden: is no .csv or .csv.gz linked.csv: is a link to a directory, which is not followed]" {
		t.Errorf("skipped %s", got)
	}
	if got := fmt.Sprint(h.report.Broken); !strings.Contains(got, "dead.csv: no such file") || !strings.Contains(got, "twice.csv.gz: twice.csv is the same series") {
		t.Errorf("broken %s", got)
	}
	pictures, _ := fs.Glob(os.DirFS(dir), "plot/*.svg")
	if len(pictures) != 4 {
		t.Errorf("pictures %q", pictures)
	}
}
