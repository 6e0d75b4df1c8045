package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/felt-cx/felt/core/business"
)

// importCmd is felt import: business data from CSV files to a running server.
type importCmd struct {
	Kind      string        `help:"What the rows are: changes, events or facts. See docs/business-data.md." enum:"changes,events,facts" required:""`
	To        string        `help:"Where a server takes OTLP over HTTP." default:"http://127.0.0.1:4318" placeholder:"URL"`
	TokenFile string        `help:"File that holds a token with scope ingest, and nothing else." placeholder:"FILE" type:"path"`
	KeepGoing bool          `help:"Import what is right, and pass over rows that are not."`
	DryRun    bool          `help:"Only check the files."`
	Patience  time.Duration `help:"How long a server that is away or busy is tried again." default:"1m"`

	Files []string `arg:"" help:"CSV files with a header, also compressed with gzip; - is the standard input."`
}

// Run checks all files, and sends them when nothing is wrong.
func (c *importCmd) Run(ctx context.Context, std streams) (err error) {
	to, err := url.Parse(c.To)
	if err != nil || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return usageError{fmt.Errorf("import: --to %q is not an address such as http://127.0.0.1:4318", c.To)}
	}
	token, err := readToken(c.TokenFile)
	if err != nil {
		return usageError{fmt.Errorf("import: %w", err)}
	}
	var files []*importFile
	defer func() {
		for _, f := range files {
			err = errors.Join(err, f.close())
		}
	}()
	rows, wrong := 0, 0
	for _, name := range c.Files {
		f, err := openImport(name)
		if err != nil {
			return err
		}
		files = append(files, f)
		n, bad, err := c.check(ctx, f, std)
		if err != nil {
			return err
		}
		rows, wrong = rows+n, wrong+bad
	}
	switch {
	case wrong > 0 && !c.KeepGoing:
		return fmt.Errorf("import: %d of %d rows are wrong, so nothing was imported; mend them, or import the others with --keep-going", wrong, rows)
	case c.DryRun:
		fmt.Fprintf(std.out, "%d rows are right, %d are not; nothing was sent\n", rows-wrong, wrong)
		return nil
	}
	s := &importSender{cmd: c, to: to.JoinPath("/v1/import"), token: token, std: std, begin: time.Now(), said: time.Now()}
	for _, f := range files {
		if err := s.send(ctx, f); err != nil {
			return fmt.Errorf("import: %s: %w; %d rows are in, and sending all again doubles nothing", f.name, err, s.in)
		}
	}
	fmt.Fprintf(std.out, "%d rows imported, %d passed over\n", s.in, s.over)
	return nil
}

// readToken is the token that a file holds; "" without a file.
func readToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s should hold one token and nothing else", file)
	}
	return token, nil
}

// problemsShown is how many problems of a file are told: enough to see what is wrong, and not so
// many that the first of them is gone from the screen.
const problemsShown = 20

// check reads a file as the server will, and tells all that is wrong with it.
func (c *importCmd) check(ctx context.Context, f *importFile, std streams) (rows, wrong int, err error) {
	told := 0
	err = f.each(ctx, func(p part) error {
		r, err := business.CSV(business.Options{Limits: business.Limits{Problems: problemsShown}}, business.Kind(c.Kind), p.body(), p.line)
		if err != nil {
			return err
		}
		if p.first && len(r.Columns) > 0 {
			fmt.Fprintf(std.err, "felt: %s: columns without a meaning here are left out: %s\n", f.name, strings.Join(r.Columns, ", "))
		}
		for _, p := range r.Problems {
			if told++; told <= problemsShown {
				fmt.Fprintf(std.err, "%s:%s\n", f.name, p)
			}
		}
		rows, wrong, told = rows+r.Accepted+r.Rejected, wrong+r.Rejected, told+r.More
		return nil
	})
	if more := told - problemsShown; more > 0 {
		fmt.Fprintf(std.err, "%s: and %d more\n", f.name, more)
	}
	if bad, ok := errors.AsType[*business.Error](err); ok {
		return 0, 0, fmt.Errorf("import: %s:%w", f.name, bad)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("import: %s: %w", f.name, err)
	}
	return rows, wrong, nil
}

// importFile is a file that is read twice.
type importFile struct {
	name string
	file *os.File
	temp bool
}

// openImport opens a file; what comes on the standard input, or another pipe, is put aside first.
func openImport(name string) (*importFile, error) {
	src := os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		info, err := f.Stat()
		if err != nil || info.IsDir() {
			return nil, errors.Join(fmt.Errorf("import: %s is no file", name), f.Close())
		}
		if info.Mode().IsRegular() {
			return &importFile{name: name, file: f}, nil
		}
		src = f
	}
	temp, err := os.CreateTemp("", "felt-import-*.csv")
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	f := &importFile{name: name, file: temp, temp: true}
	if _, err := io.Copy(temp, src); err != nil {
		return nil, errors.Join(fmt.Errorf("import: reading %s: %w", name, err), f.close())
	}
	return f, nil
}

func (f *importFile) close() error {
	err := f.file.Close()
	if f.temp {
		err = errors.Join(err, os.Remove(f.file.Name()))
	}
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	return nil
}

// each gives the file out in parts, from its beginning, until do fails.
func (f *importFile) each(ctx context.Context, do func(part) error) error {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	var magic [2]byte
	n, err := io.ReadFull(f.file, magic[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("reading: %w", err)
	}
	src := io.MultiReader(bytes.NewReader(magic[:n]), f.file)
	if magic == [2]byte{0x1f, 0x8b} {
		z, err := gzip.NewReader(src)
		if err != nil {
			return fmt.Errorf("unpacking: %w", err)
		}
		src = z
	}
	return eachPart(ctx, src, do)
}
