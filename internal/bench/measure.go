package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/felt-cx/felt/internal/spangen"
)

// benchCase is one server, one protocol and one number of cores.
type benchCase struct {
	subject  subject
	protocol string
	procs    int
	results  []measurement
}

func (c *benchCase) name() string {
	return fmt.Sprintf("%s %s GOMAXPROCS=%d", c.subject, c.protocol, c.procs)
}

// measurement is one round of a case.
type measurement struct {
	cpuPerMillion float64       // CPU seconds for a million spans
	spansPerSec   float64       // while sending
	drained       time.Duration // from the last answer until everything is through
	rss, peak     float64       // MiB
	p50, p99      time.Duration
	others        float64 // cores that other processes of the machine used
	busy          int     // requests sent back with "come later"
	logPerSpan    float64 // bytes; felt only
	diskPerSpan   float64 // bytes in the data folder; felt only
	checked       string  // whether felt's numbers are the true ones
}

func (m measurement) String() string {
	return fmt.Sprintf("%.2f CPU-s/M  %.0f k spans/s  peak %.0f MiB  drained in %v  others %.2f cores  %s",
		m.cpuPerMillion, m.spansPerSec/1000, m.peak, m.drained.Round(time.Millisecond), m.others, m.checked)
}

func (c *benchCase) measure(ctx context.Context, o options, set *spangen.Set, run uint64) (m measurement, err error) {
	sv, err := start(ctx, c.subject, c.subject.binary(o), c.procs)
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\noutput of the server:\n%s", err, tail(sv.output.String()))
		}
		err = errors.Join(err, sv.stop())
	}()
	s, err := newSender(sv, c.protocol, o.senders)
	if err != nil {
		return m, err
	}
	defer s.close()
	// Its own run each time: fresh ids, although no server has seen another's.
	return c.phases(ctx, o, sv, s, set.Stream(run, o.lag))
}

// phases warms the server up and measures it.
func (c *benchCase) phases(ctx context.Context, o options, sv *server, s sender, st *spangen.Stream) (m measurement, err error) {
	warm, err := sendFor(ctx, s, st, o.senders, o.warm)
	if err != nil {
		return m, fmt.Errorf("warm-up: %w", err)
	}
	if err := sv.waitThrough(ctx, warm.spans()); err != nil {
		return m, fmt.Errorf("after the warm-up: %w", err)
	}
	before, err := look(ctx, sv)
	if err != nil {
		return m, err
	}
	began := time.Now()
	got, err := sendFor(ctx, s, st, o.senders, o.time)
	if err != nil {
		return m, err
	}
	answered := time.Now()
	if err := sv.waitThrough(ctx, warm.spans()+got.spans()); err != nil {
		return m, err
	}
	m.drained = time.Since(answered)
	after, err := look(ctx, sv)
	if err != nil {
		return m, err
	}
	m.fill(got, before, after, time.Since(began))
	if n := warm.rejected + got.rejected; n > 0 {
		return m, fmt.Errorf("%d spans were rejected", n)
	}
	if c.subject == subjectFelt {
		m.checked = sv.check(ctx, st.Truth())
	}
	return m, nil
}

// fill works out the numbers from what was sent and used meanwhile.
func (m *measurement) fill(got sent, before, after reading, took time.Duration) {
	spans := float64(got.spans())
	m.cpuPerMillion = (after.cpu - before.cpu) / spans * 1e6
	m.spansPerSec = spans / got.took.Seconds()
	m.others = ((after.machine - before.machine) - (after.cpu - before.cpu) - (after.own - before.own)) / took.Seconds()
	m.rss, m.peak = after.rss, after.peak
	m.p50, m.p99 = quantile(got.latencies, 0.5), quantile(got.latencies, 0.99)
	m.busy = got.busy
	m.logPerSpan = (after.log - before.log) / spans
	m.diskPerSpan = float64(after.disk-before.disk) / spans
}

// reading is what a server has used up to now.
type reading struct {
	cpu, rss, peak, log float64
	own, machine        float64 // CPU seconds of this program, and of all together
	disk                int64
}

func look(ctx context.Context, sv *server) (r reading, err error) {
	pid := sv.cmd.Process.Pid
	if r.cpu, err = cpuSeconds(pid); err != nil {
		return r, err
	}
	if r.own, err = cpuSeconds(os.Getpid()); err != nil {
		return r, err
	}
	if r.machine, err = machineSeconds(); err != nil {
		return r, err
	}
	if r.rss, r.peak, err = memory(pid); err != nil {
		return r, err
	}
	if sv.subject == subjectFelt {
		if r.log, _, err = metric(ctx, sv, "felt_log_appended_bytes_total"); err != nil {
			return r, err
		}
		r.disk = diskBytes(sv.dir)
	}
	return r, nil
}

// waitThrough waits until all spans are where they end. It asks seldom, as
// answering costs the server CPU too.
func (sv *server) waitThrough(ctx context.Context, spans int) error {
	through, every := sv.collectorThrough, 100*time.Millisecond
	if sv.subject == subjectFelt {
		through, every = sv.feltThrough, time.Second
	}
	err := poll(ctx, every, time.Minute, func() error {
		done, err := through(ctx)
		if err != nil {
			return err
		}
		if done < spans {
			return fmt.Errorf("%d of %d spans are through", done, spans)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("not everything went through: %w", err)
	}
	return nil
}

// collectorThrough: the batch processor counts a batch once the next component is
// done with it.
func (sv *server) collectorThrough(ctx context.Context) (int, error) {
	done, _, err := metric(ctx, sv, "otelcol_processor_batch_batch_send_size_sum")
	return int(done), err
}

// feltThrough counts the spans in the rows of the store: every span is in one
// operation's count.
func (sv *server) feltThrough(ctx context.Context) (int, error) {
	var got struct {
		Operations []struct{ Count int }
	}
	if err := getJSON(ctx, "http://"+sv.info+"/api/v1/operations?"+window().Encode(), &got); err != nil {
		return 0, err
	}
	sum := 0
	for _, o := range got.Operations {
		sum += o.Count
	}
	return sum, nil
}

// window is a question's window that holds the whole measurement.
func window() url.Values {
	unix := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	return url.Values{"from": {unix(time.Now().Add(-time.Hour))}, "to": {unix(time.Now().Add(time.Hour))}}
}

// check asks felt how many customers felt what, and compares that with the truth.
// It says what is wrong, if that has not come right after some seconds.
func (sv *server) check(ctx context.Context, truth spangen.Truth) string {
	err := poll(ctx, time.Second, 20*time.Second, func() error {
		var wrong []error
		for name, want := range truth.ByName {
			wrong = append(wrong, sv.checkName(ctx, name, want))
		}
		return errors.Join(wrong...)
	})
	if err != nil {
		return "WRONG: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return numbersTrue
}

const numbersTrue = "numbers true"

func (sv *server) checkName(ctx context.Context, name string, want spangen.Counts) error {
	ask := window()
	ask.Set("of", name)
	var got struct {
		Customers    struct{ Total, Failed, Degraded int }
		Interactions struct{ Success, Failed, Degraded int }
		Method       string
	}
	if err := getJSON(ctx, "http://"+sv.info+"/api/v1/impact?"+ask.Encode(), &got); err != nil {
		return err
	}
	has := spangen.Counts{
		Interactions: got.Interactions.Success + got.Interactions.Failed + got.Interactions.Degraded,
		Failed:       got.Interactions.Failed, Degraded: got.Interactions.Degraded,
		Customers: got.Customers.Total, CustomersFailed: got.Customers.Failed, CustomersDegraded: got.Customers.Degraded,
	}
	if has != want {
		return fmt.Errorf("%s: %+v, true is %+v (%s)", name, has, want, got.Method)
	}
	return nil
}

func tail(s string) string {
	const most = 2000
	if len(s) > most {
		return "..." + s[len(s)-most:]
	}
	return s
}
