package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"text/tabwriter"
	"time"
)

// notifyCmd is felt notify: the sinks of a running server, through its API.
type notifyCmd struct {
	Test  notifyTestCmd  `cmd:"" help:"Send a test to a sink, once and now, and say what became of it."`
	List  notifyListCmd  `cmd:"" help:"List what people were told, newest first, or with --sinks how the sinks are doing."`
	Retry notifyRetryCmd `cmd:"" help:"Try what was given up again: one by its key, or all of a sink."`
}

// apiClient asks a running server.
type apiClient struct {
	Server    string `help:"Where the server's API is." default:"http://127.0.0.1:3358" placeholder:"URL"`
	TokenFile string `help:"File that holds a token with scope act (list: read), and nothing else." placeholder:"FILE" type:"path"`
}

// notifyWait is how long the server may take; a test waits for the sink.
const notifyWait = time.Minute

// ask makes one request and reads the answer into a value.
func (c *apiClient) ask(ctx context.Context, method string, into any, query url.Values, path ...string) (err error) {
	base, err := url.Parse(c.Server)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return usageError{fmt.Errorf("notify: --server %q is not an address such as http://127.0.0.1:3358", c.Server)}
	}
	token, err := readToken(c.TokenFile)
	if err != nil {
		return usageError{fmt.Errorf("notify: %w", err)}
	}
	to := base.JoinPath("/api/v1")
	for _, p := range path {
		to = to.JoinPath(url.PathEscape(p)) // a key or name may hold a slash
	}
	to.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, notifyWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(nil))
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	req.Header.Set("X-Felt-Via", "cli")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("notify: is a server running at %s? %w", c.Server, err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	if res.StatusCode/100 != 2 {
		var p apiProblem
		_ = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&p) // without one there is the status
		err := fmt.Errorf("notify: %s says %s: %s", c.Server, res.Status, &p)
		if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusUnprocessableEntity { // a mistake in what was asked
			return usageError{err}
		}
		return err
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<20)).Decode(into); err != nil {
		return fmt.Errorf("notify: the answer of %s is not understood (is it Felt?): %w", c.Server, err)
	}
	return nil
}

// notifyTestCmd is felt notify test.
type notifyTestCmd struct {
	Sink string `arg:"" help:"Name of a sink of the inventory."`
	apiClient
}

// Run fails when the sink does not have it.
func (c *notifyTestCmd) Run(ctx context.Context, std streams) error {
	var a struct {
		Delivered bool
		Error     string
		Host      string
	}
	if err := c.ask(ctx, http.MethodPost, &a, nil, "sinks", c.Sink, "test"); err != nil {
		return err
	}
	if !a.Delivered {
		return fmt.Errorf("notify: %s does not have it: %s", c.Sink, a.Error)
	}
	return say(std.out, "%s has it (%s)\n", c.Sink, a.Host)
}

// notifyListCmd is felt notify list.
type notifyListCmd struct {
	Sinks    bool   `help:"List the sinks instead, and how they are doing."`
	State    string `help:"Only those: waiting, delivered or dead." enum:",waiting,delivered,dead" default:"" placeholder:"STATE"`
	Incident string `help:"Only of one incident." placeholder:"ID"`
	Sink     string `help:"Only to one sink." placeholder:"NAME"`
	Limit    int    `help:"How many at most: 1 to 1000." default:"50"`
	JSON     bool   `name:"json" help:"Print the server's answer."`
	apiClient
}

// Run prints a table.
func (c *notifyListCmd) Run(ctx context.Context, std streams) error {
	if c.Sinks {
		return c.sinks(ctx, std)
	}
	q := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	for k, v := range map[string]string{"state": c.State, "incident": c.Incident, "sink": c.Sink} {
		if v != "" {
			q.Set(k, v)
		}
	}
	var raw json.RawMessage
	if err := c.ask(ctx, http.MethodGet, &raw, q, "notifications"); err != nil {
		return err
	}
	var a struct {
		Notifications []struct {
			Key, Sink, Kind, Incident, Title, State, Error string
			Made                                           time.Time
			Attempts                                       int
		}
	}
	if done, err := c.raw(raw, &a, std); done || err != nil {
		return err
	}
	if len(a.Notifications) == 0 {
		return say(std.out, "nothing\n")
	}
	t := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "MADE\tSINK\tSTATE\tATTEMPTS\tKIND\tTITLE\tKEY\tERROR")
	for _, n := range a.Notifications {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", n.Made.UTC().Format("2006-01-02 15:04:05"), n.Sink, n.State, n.Attempts, n.Kind, n.Title, n.Key, n.Error)
	}
	return flush(t)
}

// raw prints the answer as it came (true), or reads it.
func (c *notifyListCmd) raw(raw json.RawMessage, into any, std streams) (done bool, err error) {
	if c.JSON {
		return true, say(std.out, "%s\n", raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return false, fmt.Errorf("notify: the answer of %s is not understood: %w", c.Server, err)
	}
	return false, nil
}

func (c *notifyListCmd) sinks(ctx context.Context, std streams) error {
	if c.State != "" || c.Incident != "" || c.Sink != "" {
		return usageError{errors.New("notify: --state, --incident and --sink are of notifications, and do not go with --sinks")}
	}
	var raw json.RawMessage
	if err := c.apiClient.ask(ctx, http.MethodGet, &raw, nil, "sinks"); err != nil {
		return err
	}
	var a struct {
		Sinks []struct {
			Name, Kind, Host, Trouble string
			LastError                 string     `json:"last_error"`
			LastSuccess               *time.Time `json:"last_success"`
			Waiting, Dead, Delivered  int
		}
	}
	if done, err := c.raw(raw, &a, std); done || err != nil {
		return err
	}
	if len(a.Sinks) == 0 {
		return say(std.out, "the inventory has no sinks; see docs/sinks.md\n")
	}
	t := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SINK\tKIND\tHOST\tLAST SUCCESS\tWAITING\tDEAD\tDELIVERED\tTROUBLE")
	for _, s := range a.Sinks {
		last := "never"
		if s.LastSuccess != nil {
			last = s.LastSuccess.UTC().Format("2006-01-02 15:04:05")
		}
		trouble := s.Trouble
		if trouble == "" {
			trouble = s.LastError
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", s.Name, s.Kind, s.Host, last, s.Waiting, s.Dead, s.Delivered, trouble)
	}
	return flush(t)
}

// notifyRetryCmd is felt notify retry.
type notifyRetryCmd struct {
	Key string `arg:"" optional:"" help:"Key of a notification, as felt notify list shows it."`
	All string `help:"All of this sink that were given up." placeholder:"SINK"`
	apiClient
}

// Run has it tried again; whether that helps felt notify list tells.
func (c *notifyRetryCmd) Run(ctx context.Context, std streams) error {
	if (c.Key == "") == (c.All == "") {
		return usageError{errors.New("notify: want the key of a notification, or --all SINK; felt notify list --state dead lists what was given up")}
	}
	path := []string{"notifications", c.Key, "retry"}
	if c.All != "" {
		path = []string{"sinks", c.All, "retry"}
	}
	var a struct{ Retried int }
	if err := c.ask(ctx, http.MethodPost, &a, nil, path...); err != nil {
		return err
	}
	if a.Retried == 0 {
		return say(std.out, "nothing was given up\n")
	}
	return say(std.out, "%d tried again; felt notify list shows what becomes of it\n", a.Retried)
}

func say(w io.Writer, format string, args ...any) error {
	if _, err := fmt.Fprintf(w, format, args...); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func flush(t *tabwriter.Writer) error {
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
