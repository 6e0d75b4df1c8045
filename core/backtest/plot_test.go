package backtest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/felt-cx/felt"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// drawn is the picture of a watched series, checked to be XML.
func drawn(t testing.TB, p *Plot, s *Series) string {
	t.Helper()
	var b bytes.Buffer
	if err := p.SVG(&b, s); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v\n%s", err, b.String())
		}
	}
	for _, bad := range []string{"NaN", "Inf"} {
		if strings.Contains(b.String(), bad) {
			t.Fatalf("%s in the picture of %s", bad, s.Name)
		}
	}
	return b.String()
}

// pictured are a series of counts and one of values with alarms of each kind.
func pictured() (plots []*Plot, series []*Series) {
	at := func(i int) felt.Instant { return (t0 + 600*felt.Instant(i)) * felt.Second }
	counts := &Series{Name: `eu/<b>"checkout" & 'pay'`, Kind: Counts, First: at(0), Last: at(72), Windows: 72}
	p := new(Plot)
	p.Begin(Counts, 600*felt.Second)
	for i := range 72 {
		r := Row{Success: int64(80 + i%7), Degraded: int64(i % 3), Failed: int64(i % 2), Slow: int64(i % 5)}
		switch {
		case i >= 30 && i < 36:
			r.Failed, r.Success = 40, 40
		case i >= 50 && i < 60:
			r = Row{}
		}
		p.Window(at(i), &r)
	}
	for i, k := range []string{"failed", "degraded", "slow", "drop", "funnel"} {
		counts.Alarms = append(counts.Alarms, Alarm{At: at(31 + 5*i), Until: at(34 + 5*i), Kind: k, Text: "40 of 80 < 100 %"})
	}
	counts.Alarms[4].Until = 0
	values := &Series{Name: "cpu", Kind: Values, First: at(0), Last: at(71), Windows: 60, Alarms: []Alarm{{At: at(40), Kind: "kpi", Text: "-2e+09 is below the band"}}}
	q := new(Plot)
	q.Begin(Values, 600*felt.Second)
	for i := range 72 {
		v := 1e9 * math.Sin(float64(i)/6)
		if i == 40 {
			v = -2e9
		}
		if i < 45 || i > 56 {
			q.Value(at(i), v, 1e9*math.Sin(float64(i)/6)-2e8, 1e9*math.Sin(float64(i)/6)+2e8)
		}
	}
	return []*Plot{p, q}, []*Series{counts, values}
}

func TestPictures(t *testing.T) {
	plots, series := pictured()
	for i, name := range []string{"counts.svg", "values.svg"} {
		got := drawn(t, plots[i], series[i])
		file := filepath.Join("testdata", name)
		if *update {
			if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(file, []byte(got), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s differs (-update writes it anew):\n%s", name, d)
		}
	}
	svg := drawn(t, plots[0], series[0])
	for _, want := range []string{
		`<title id="t">eu/&lt;b&gt;&#34;checkout&#34; &amp; &#39;pay&#39;</title>`, `aria-labelledby="t d"`,
		"Alarms: failed at 2024-01-01 05:10:00; degraded at", ">failed</text>", ">drop</text>", ">UTC</text>", "slow (line)",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is not in the picture", want)
		}
	}
}

// TestPicturesStaySmall however long the history and however many its alarms, and show its peaks.
func TestPicturesStaySmall(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, kind := range []Kind{Counts, Values} {
		p, s := new(Plot), &Series{Name: "big", Kind: kind, First: t0 * felt.Second}
		p.Begin(kind, 10*felt.Second)
		for i := range 400_000 {
			at := (t0 + 10*felt.Instant(i)) * felt.Second
			s.Last = at + 10*felt.Second
			v := random.NormFloat64()
			if i == 123_456 {
				v = 50
			}
			if kind == Values {
				p.Value(at, v, -3, 3)
			} else {
				p.Window(at, &Row{Success: int64(1000 + 100*v), Failed: int64(random.IntN(50))})
			}
			if i%100 == 0 {
				s.Alarms = append(s.Alarms, Alarm{At: at, Kind: "failed", Text: "1000 of 2000 since 12:00:00 (50 %), against 1 % before"})
			}
		}
		svg := drawn(t, p, s)
		if len(svg) > 300_000 || len(p.bins) > plotBins {
			t.Errorf("%s: %d bytes, %d bins", kind, len(svg), len(p.bins))
		}
		if most := slices.MaxFunc(p.bins, func(a, b bin) int { return int(min(max(a.high-b.high, -1), 1)) }); kind == Values && most.high != 50 {
			t.Errorf("the peak of 50 is %g in the picture", most.high)
		}
		if !strings.Contains(svg, "and 3,500 alarms that are not drawn") {
			t.Errorf("%s: the alarms left out are not told", kind)
		}
	}
}

// TestBinsAreSums: whatever comes, in time or not, is in the picture once.
func TestBinsAreSums(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := new(Plot)
		p.Begin(Counts, felt.Second)
		n, failed := 0, 0.0
		at := felt.Instant(t0) * felt.Second
		for range rapid.IntRange(1, 200).Draw(rt, "windows") {
			at += felt.Instant(rapid.Int64Range(-3600, 1_000_000).Draw(rt, "gap")) * felt.Second
			k := rapid.Int64Range(0, 100).Draw(rt, "failed")
			p.Window(at, &Row{Failed: k})
			n, failed = n+1, failed+float64(k)
		}
		for _, b := range p.bins {
			n, failed = n-b.windows, failed-b.failed
		}
		if n != 0 || failed != 0 || len(p.bins) > plotBins {
			rt.Fatalf("%d windows and %g failed are missing, %d bins", n, failed, len(p.bins))
		}
	})
}

// TestOddPictures are drawn, too.
func TestOddPictures(t *testing.T) {
	for name, in := range map[string]string{
		"one value":         "timestamp,value\n1704067200,5\n",
		"one window":        "ts,success,failed\n1704067200,5,1\n",
		"nothing ever":      "ts,success,failed\n1704067200,0,0\n1704067210,0,0\n",
		"always the same":   "timestamp,value\n1,7\n2,7\n3,7\n",
		"never a change":    "timestamp,value\n1,0\n2,0\n3,0\n",
		"huge":              "timestamp,value\n1,1e308\n2,-1e308\n3,1e308\n",
		"tiny":              "timestamp,value\n1,1e-308\n2,2e-308\n3,5e-324\n",
		"decades":           "timestamp,value\n1970-01-01,1\n2200-01-01,2\n",
		"unsorted":          "timestamp,value\n300,1\n200,2\n100,2\n",
		"fast":              "timestamp,value\n1.001,1\n1.002,2\n1.003,1\n",
		"an hour twice":     "ts,success,failed\n2024-10-27 02:30,1,0\n2024-10-27 02:40,1,0\n2024-10-27 02:50,1,0\n2024-10-27 02:00,1,0\n2024-10-27 02:10,1,0\n",
		"everything failed": "ts,success,failed\n1704067200,0,5\n1704067210,0,5\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := new(Plot)
			s := mustRun(t, in, Options{Watch: p})
			s.Name = name
			drawn(t, p, s)
		})
	}
}

func TestPlotNames(t *testing.T) {
	in := []string{"checkout", "Checkout", "eu/checkout", "eu_checkout", "../../etc/passwd", "con", "a b", "lpt1.x", "", "é", "è", strings.Repeat("x", 300), ".hidden"}
	got := PlotNames(in)
	seen := map[string]bool{}
	for i, n := range got {
		if strings.ContainsAny(n, `/\:*?"<>| `) || strings.HasPrefix(n, ".") || len(n) > 130 || !strings.HasSuffix(n, ".svg") || seen[strings.ToLower(n)] {
			t.Errorf("%q is called %q", in[i], n)
		}
		if stem, _, _ := strings.Cut(strings.TrimSuffix(n, ".svg"), "."); reserved(strings.ToLower(stem)) {
			t.Errorf("%q is called %q", in[i], n)
		}
		seen[strings.ToLower(n)] = true
	}
	if got[0] != "checkout.svg" || !strings.HasPrefix(got[2], "eu_checkout-") || got[3] != "eu_checkout.svg" {
		t.Errorf("%q", got)
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		from, to float64
		percent  bool
		want     string
	}{
		{0, 1, false, "[0 0.25 0.5 0.75 1]"},
		{0, 0.031, true, "[0 % 1 % 2 % 3 %]"},
		{0, 9600, false, "[0 2k 4k 6k 8k]"},
		{-2.1e9, 1e9, false, "[-2G -1G 0 1G]"},
		{5, 5, false, "[5]"},
		{17, 23, false, "[17 18 19 20 21 22 23]"},
	} {
		var got []string
		for _, k := range valueTicks(c.from, c.to, c.percent) {
			got = append(got, k.text)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%g to %g: %v, want %s", c.from, c.to, got, c.want)
		}
	}
	for _, c := range []struct {
		span felt.Instant
		want string
	}{
		{felt.Hour, "[01-01 00:00 01-01 00:10 01-01 00:20 01-01 00:30 01-01 00:40 01-01 00:50 01-01 01:00]"},
		{4 * felt.Day, "[01-01 00:00 01-01 12:00 01-02 00:00 01-02 12:00 01-03 00:00 01-03 12:00 01-04 00:00 01-04 12:00 01-05 00:00]"},
		{3 * felt.Second, "[00:00:00 00:00:01 00:00:02 00:00:03]"},
	} {
		var got []string
		for _, k := range timeTicks(t0*felt.Second, t0*felt.Second+c.span) {
			got = append(got, k.text)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%d: %v, want %s", c.span, got, c.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		from := felt.Instant(rapid.Int64Range(0, 1<<61).Draw(rt, "from"))
		to := from + felt.Instant(rapid.Int64Range(int64(felt.Second), 1<<62).Draw(rt, "span"))
		if n := len(timeTicks(from, to)); n > 11 {
			rt.Fatalf("%d ticks", n)
		}
	})
}
