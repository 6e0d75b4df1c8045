package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// lastLine is a line of the server's answer.
type lastLine struct {
	Progress *lastProgress   `json:"progress"`
	Backtest json.RawMessage `json:"backtest"`
	Problem  *apiProblem     `json:"problem"`
}

type lastProgress struct {
	At   *time.Time `json:"at"`
	Rows int64      `json:"rows"`
	Of   int64      `json:"of"`
}

// apiProblem is a problem document of the API.
type apiProblem struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

func (p *apiProblem) String() string { return cmp.Or(p.Detail, p.Title, "no reason was given") }

// lastAnswer is what the summary shows of the server's answer.
type lastAnswer struct {
	Covered struct {
		From        time.Time `json:"from"`
		To          time.Time `json:"to"`
		LeadSeconds float64   `json:"lead_seconds"`
		Rows        int64     `json:"rows"`
	} `json:"covered"`
	Findings []lastFinding `json:"findings"`
	Notes    []string      `json:"notes"`
}

type lastFinding struct {
	Kind          string            `json:"kind"`
	App           string            `json:"app"`
	Name          string            `json:"name"`
	Series        string            `json:"series"`
	Segment       map[string]string `json:"segment"`
	About         string            `json:"about"`
	Opened        time.Time         `json:"opened"`
	Ended         *time.Time        `json:"ended"`
	DetectSeconds float64           `json:"seconds_to_detect"`
	Paging        bool              `json:"paging"`
	Explanation   string            `json:"explanation"`
}

// scope is how a finding's journey or step is called.
func (f *lastFinding) scope() string { return f.Series + " " + f.App + "/" + f.Name }

// last has a running server judge what it has stored.
func (c *backtestCmd) last(ctx context.Context, std streams) error {
	if c.Plot != "" || c.Truth != "" || c.Step != 0 || c.Strict {
		return usageError{errors.New("backtest: --plot, --truth, --step and --strict are of files, and do not go with --last")}
	}
	to, err := url.Parse(c.Server)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return usageError{fmt.Errorf("backtest: --server %q is not an address such as http://127.0.0.1:3358", c.Server)}
	}
	token, err := readToken(c.TokenFile)
	if err != nil {
		return usageError{fmt.Errorf("backtest: %w", err)}
	}
	to = to.JoinPath("/api/v1/backtest")
	q := url.Values{"last": {c.Last}, "env": {c.Env}}
	if c.FalseAlarms.words != "" { // else as in force there
		q.Set("false_alarms", c.FalseAlarms.words)
	}
	if c.Of != "" {
		q.Set("of", c.Of)
	}
	to.RawQuery = q.Encode()
	body, err := c.ask(ctx, to.String(), token, std)
	if err != nil {
		return err
	}
	var answer lastAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("backtest: the answer of %s is not understood: %w", c.Server, err)
	}
	if c.OnlyWaking {
		answer.Findings = slices.DeleteFunc(answer.Findings, func(f lastFinding) bool { return !f.Paging })
	}
	return c.tellLast(&answer, body, std)
}

// ask asks, and tells how far it is until the answer is there.
func (c *backtestCmd) ask(ctx context.Context, to, token string, std streams) (body json.RawMessage, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return nil, fmt.Errorf("backtest: %w", err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("backtest: is a server running at %s? %w", c.Server, err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode != http.StatusOK {
		var p apiProblem
		_ = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&p) // without one there is the status
		err := fmt.Errorf("backtest: %s says %s: %s", c.Server, res.Status, &p)
		if res.StatusCode == http.StatusBadRequest { // a mistake in what was asked
			return nil, usageError{err}
		}
		return nil, err
	}
	lines := json.NewDecoder(res.Body)
	for {
		var l lastLine
		switch err := lines.Decode(&l); {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("backtest: %s went away before it was done", c.Server)
		case err != nil:
			return nil, fmt.Errorf("backtest: %s: %w", c.Server, err)
		case l.Problem != nil:
			return nil, fmt.Errorf("backtest: %s says: %s", c.Server, l.Problem)
		case l.Backtest != nil:
			return l.Backtest, nil
		case l.Progress != nil:
			l.Progress.tell(std)
		}
	}
}

func (p *lastProgress) tell(std streams) {
	if p.At == nil {
		return
	}
	share := ""
	if p.Of > 0 {
		share = fmt.Sprintf(" (%d %%)", 100*p.Rows/p.Of)
	}
	fmt.Fprintf(std.err, "felt: judged up to %s, %d interactions%s\n", p.At.UTC().Format("2006-01-02 15:04"), p.Rows, share)
}

// tellLast writes the alarms and the summary.
func (c *backtestCmd) tellLast(a *lastAnswer, body json.RawMessage, std streams) error {
	out := std.out
	switch c.Alarms {
	case "":
	case "-":
		if err := a.write(std.out); err != nil {
			return err
		}
		out = std.err
	default:
		if err := replace(c.Alarms, a.write); err != nil {
			return err
		}
	}
	if c.JSON {
		if _, err := fmt.Fprintf(out, "%s\n", body); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		return nil
	}
	if _, err := io.WriteString(out, a.summary()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// write writes the findings as felt backtest --buckets does.
func (a *lastAnswer) write(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"series", "time", "kind"}}
	for _, f := range a.Findings {
		series := f.App + "/" + f.Name
		for _, k := range slices.Sorted(maps.Keys(f.Segment)) {
			series += "?" + k + "=" + f.Segment[k]
		}
		rows = append(rows, []string{series, strconv.FormatInt(f.Opened.Unix(), 10), f.Kind})
	}
	slices.SortStableFunc(rows[1:], func(x, y []string) int { return cmp.Compare(x[0], y[0]) })
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("alarms: %w", err)
	}
	return nil
}

// findingsShown is how many are listed one by one.
const findingsShown = 40

func (a *lastAnswer) summary() string {
	const form = "2006-01-02 15:04"
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s UTC: %d interactions judged, after %.1f days from which was learned what is usual\n",
		a.Covered.From.UTC().Format(form), a.Covered.To.UTC().Format(form), a.Covered.Rows, a.Covered.LeadSeconds/86400)
	for _, n := range a.Notes {
		b.WriteString("note: " + n + "\n")
	}
	waking := 0
	for _, f := range a.Findings {
		if f.Paging {
			waking++
		}
	}
	fmt.Fprintf(&b, "%s would have been found, %d of them would have woken somebody\n", count(len(a.Findings), "thing"), waking)
	if len(a.Findings) == 0 {
		return b.String()
	}
	a.byScope(&b)
	b.WriteString("\nfound\n")
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, f := range a.Findings {
		if i == findingsShown {
			fmt.Fprintf(t, "  and %d more; --json has all\n", len(a.Findings)-i)
			break
		}
		lasted := "until now"
		if f.Ended != nil {
			lasted = f.Ended.Sub(f.Opened).Round(time.Second).String()
		}
		wakes := ""
		if f.Paging {
			wakes = "wakes"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\tafter %s\tfor %s\t%s\n", f.Opened.UTC().Format(form), f.Kind, f.about(), wakes,
			secondsOf(f.DetectSeconds), lasted, f.Explanation)
	}
	_ = t.Flush() // into memory
	return b.String()
}

func (f *lastFinding) about() string {
	s := f.scope()
	for _, k := range slices.Sorted(maps.Keys(f.Segment)) {
		s += " " + k + "=" + f.Segment[k]
	}
	if f.About != "" {
		s += " (" + f.About + ")"
	}
	return s
}

// byScope tells for each journey and step how much was found, and how fast.
func (a *lastAnswer) byScope(b *strings.Builder) {
	type line struct {
		scope  string
		waking int
		delays []float64
	}
	var lines []*line
	for i := range a.Findings {
		f := &a.Findings[i]
		at := slices.IndexFunc(lines, func(l *line) bool { return l.scope == f.scope() })
		if at < 0 {
			at, lines = len(lines), append(lines, &line{scope: f.scope()})
		}
		l := lines[at]
		l.delays = append(l.delays, f.DetectSeconds)
		if f.Paging {
			l.waking++
		}
	}
	slices.SortStableFunc(lines, func(x, y *line) int {
		return cmp.Or(cmp.Compare(len(y.delays), len(x.delays)), cmp.Compare(x.scope, y.scope))
	})
	b.WriteString("\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tfound\twaking\ttime to detect: median\tlongest")
	for _, l := range lines {
		slices.Sort(l.delays)
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", l.scope, len(l.delays), l.waking,
			secondsOf(l.delays[len(l.delays)/2]), secondsOf(l.delays[len(l.delays)-1]))
	}
	_ = t.Flush() // into memory
}

func secondsOf(s float64) string { return time.Duration(s * 1e9).Round(time.Second).String() }
