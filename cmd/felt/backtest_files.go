package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/felt-cx/felt/core/backtest"
)

// history is a directory being judged.
type history struct {
	cmd    *backtestCmd
	std    streams
	files  []historyFile
	report backtest.Report
}

// historyFile is one that can be judged, as its first line shows.
type historyFile struct {
	path   string
	file   string // below the directory, with slashes
	series string
}

// list finds the files, by their names and then by their first line.
func (h *history) list(dir string) error {
	h.report = backtest.Report{Series: []*backtest.Series{}, Skipped: []backtest.File{}, Broken: []backtest.File{}}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	if !info.IsDir() {
		name := filepath.Base(dir)
		series, _ := seriesName(name)
		h.add(historyFile{dir, name, series})
		return nil
	}
	err = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		name := p
		if rel, relErr := filepath.Rel(dir, p); relErr == nil {
			name = filepath.ToSlash(rel)
		}
		if err != nil {
			h.broken(name, err)
			return nil
		}
		if !e.IsDir() {
			h.entry(p, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	slices.SortFunc(h.files, func(a, b historyFile) int { return strings.Compare(a.series, b.series) })
	for i := 1; i < len(h.files); i++ {
		if a, b := h.files[i-1], h.files[i]; a.series == b.series {
			h.report.Broken = append(h.report.Broken, backtest.File{
				Name: b.file, Why: fmt.Sprintf("%s is the same series; keep one of them, or give one another name", a.file),
			})
			h.files = slices.Delete(h.files, i, i+1)
			i--
		}
	}
	return nil
}

// entry takes what is no directory.
func (h *history) entry(p, name string) {
	series, csv := seriesName(name)
	if !csv {
		h.skip(name, "is no .csv or .csv.gz")
		return
	}
	info, err := os.Stat(p) // follows a link
	switch {
	case err != nil:
		h.broken(name, err)
	case info.IsDir():
		h.skip(name, "is a link to a directory, which is not followed")
	case !info.Mode().IsRegular():
		h.skip(name, "is no file")
	default:
		h.add(historyFile{p, name, series})
	}
}

func seriesName(name string) (series string, csv bool) {
	for _, end := range []string{".csv.gz", ".csv"} {
		if n := len(name) - len(end); n > 0 && strings.EqualFold(name[n:], end) {
			return name[:n], true
		}
	}
	return name, false
}

// add takes a file whose first line makes sense.
func (h *history) add(f historyFile) {
	src, err := os.Open(f.path)
	if err != nil {
		h.broken(f.file, err)
		return
	}
	_, err = backtest.NewReader(src)
	if err = errors.Join(err, src.Close()); err != nil {
		h.broken(f.file, err)
		return
	}
	h.files = append(h.files, f)
}

func (h *history) skip(name, why string) {
	h.report.Skipped = append(h.report.Skipped, backtest.File{Name: name, Why: why})
}

// broken notes why a file cannot be judged; one that was not meant for this is only passed over.
func (h *history) broken(name string, err error) {
	if errors.Is(err, backtest.ErrNoSeries) {
		h.skip(name, err.Error())
		return
	}
	f := backtest.File{Name: name, Why: err.Error()}
	if p, ok := errors.AsType[*backtest.Problem](err); ok {
		f.Line, f.Why = p.Line, p.Message
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		f.Why = p.Err.Error()
	}
	h.report.Broken = append(h.report.Broken, f)
}

// why tells what was found instead of a history.
func (h *history) why() string {
	all := slices.Concat(h.report.Broken, h.report.Skipped)
	if len(all) == 0 {
		return ": it is empty"
	}
	var b strings.Builder
	for i, f := range all {
		if i == problemsShown {
			fmt.Fprintf(&b, "\n  and %d more", len(all)-i)
			break
		}
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// judged is what came of a file.
type judged struct {
	series *backtest.Series
	err    error
}

// judge judges the files, as many at a time as there are processors. What it reports is in order
// of names, whoever was first.
func (h *history) judge(ctx context.Context) error {
	names := make([]string, 0, len(h.files))
	for _, f := range h.files {
		names = append(names, f.series)
	}
	pictures := backtest.PlotNames(names)
	if h.cmd.Plot != "" {
		if err := os.MkdirAll(h.cmd.Plot, 0o755); err != nil {
			return fmt.Errorf("backtest: pictures: %w", err)
		}
	}
	begin := time.Now()
	results := make([]judged, len(h.files))
	workers := min(runtime.GOMAXPROCS(0), len(h.files))
	var next, done atomic.Int64
	var wg sync.WaitGroup
	stop := h.progress(&done)
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(h.files) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				results[i].series, results[i].err = h.one(ctx, h.files[i], pictures[i])
				done.Add(1)
			}
		})
	}
	wg.Wait()
	stop()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("backtest: %w", err)
	}
	for i, r := range results {
		if r.err != nil {
			h.broken(h.files[i].file, r.err)
			continue
		}
		h.report.Series = append(h.report.Series, r.series)
	}
	h.report.Seconds, h.report.Cores = time.Since(begin).Seconds(), workers
	h.report.Budget = h.cmd.FalseAlarms.words
	return nil
}

// one judges a file, and draws it.
func (h *history) one(ctx context.Context, f historyFile, picture string) (*backtest.Series, error) {
	o := h.cmd.options(len(h.files))
	var plot backtest.Plot
	if h.cmd.Plot != "" {
		o.Watch = &plot
	}
	s, err := backtest.Run(func() (io.ReadCloser, error) {
		src, err := os.Open(f.path)
		if err != nil {
			return nil, err //nolint:wrapcheck // told with the file's name
		}
		return patient{ctx, src}, nil
	}, o)
	if err != nil {
		return nil, err
	}
	s.Name, s.File = f.series, f.file
	if h.cmd.Plot != "" {
		err = replace(filepath.Join(h.cmd.Plot, picture), func(w io.Writer) error { return plot.SVG(w, s) })
	}
	return s, err
}

// patient is a file whose reading ends when nobody waits for it any more.
type patient struct {
	ctx context.Context
	*os.File
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.File.Read(b) //nolint:wrapcheck // io.EOF has to stay
}

// progress tells how far it is when it takes long, until it is stopped.
func (h *history) progress(done *atomic.Int64) (stop func()) {
	const every = 5 * time.Second
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			select {
			case <-end:
				return
			case <-t.C:
				fmt.Fprintf(h.std.err, "felt: %d of %s judged\n", done.Load(), count(len(h.files), "file"))
			}
		}
	}()
	return func() { close(end); <-ended }
}
