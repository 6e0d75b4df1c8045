package worker

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/engine"
)

// Backtest lets detectors see stored interactions again, as they came, under the settings and the
// inventory in force, and tells what they find. What lies before the window, within the bounds of a
// warm-up, is read first, so that they know what is usual. progress is called now and then, by
// the goroutine that calls. [felt.ErrUnanswerable] before anything is stored, and of a store that
// keeps no history.
func (w *Worker) Backtest(ctx context.Context, q felt.BacktestQuestion, progress func(felt.BacktestProgress)) (felt.BacktestAnswer, error) {
	h, ok := w.opts.Store.(felt.HistoryReader)
	if !ok {
		return felt.BacktestAnswer{}, fmt.Errorf("the store keeps no history: %w", felt.ErrUnanswerable)
	}
	w.mu.Lock()
	s, in, until := w.settings, w.rules, w.progress.Tick
	w.mu.Unlock()
	if until == 0 || s.Partitions == 0 {
		return felt.BacktestAnswer{}, fmt.Errorf("nothing is stored yet: %w", felt.ErrUnanswerable)
	}
	if q.FalsePages > 0 {
		s.FalsePages = q.FalsePages
	}
	past, err := engine.NewPast(s, in)
	if err != nil {
		return felt.BacktestAnswer{}, fmt.Errorf("backtest: %w", err)
	}
	return judgeAgain(ctx, h, past, q, w.opts.WarmUp, until, progress)
}

// judgeAgain is a backtest of what is stored up to tick until.
func judgeAgain(ctx context.Context, h felt.HistoryReader, past *engine.Past, q felt.BacktestQuestion, lead WarmUp, until felt.Tick,
	progress func(felt.BacktestProgress),
) (felt.BacktestAnswer, error) {
	lead.defaults()
	b := backtest{from: felt.TickOf(q.From), to: min(felt.TickOf(q.To), until), byID: map[string]felt.Finding{}, progress: progress}
	a := felt.BacktestAnswer{Settings: past.Settings(), Inventory: past.Inventory().Version}
	begin := b.from - felt.Tick(lead.Span/felt.Second)
	counts, err := h.HistoryCounts(ctx, begin, b.to)
	if err != nil {
		return a, fmt.Errorf("count history: %w", err)
	}
	first := slices.IndexFunc(counts, func(c felt.HistoryCount) bool { return c.Last() > b.from })
	if first < 0 {
		first = len(counts)
	}
	// Of what lies before the window only as much is read as may be; of the window all.
	if after, _ := newest(counts[:first], lead.Rows); after > begin {
		begin = after
	}
	counts = slices.DeleteFunc(counts, func(c felt.HistoryCount) bool { return c.Last() <= begin })
	b.at.Of = sumOf(counts)
	silences, err := h.Silences(ctx, begin, b.to)
	if err != nil {
		return a, fmt.Errorf("what was silent: %w", err)
	}
	past.Silences(silences)
	progress(b.at)
	if err := through(ctx, h, past, begin, b.to, b.add); err != nil {
		return a, fmt.Errorf("history: %w", err)
	}
	b.take(past.End(max(b.to, b.at.At)))
	a.Rows, a.LeadRows, a.Window = b.rows, b.at.Rows-b.rows, felt.Window{From: q.From, To: min(q.To, b.to.Instant())}
	if len(counts) > 0 {
		start := counts[0].From.Instant()
		a.Lead, a.From = max(0, q.From-start), max(q.From, start)
	} else {
		a.From = a.To
	}
	a.Findings = b.findings()
	return a, nil
}

// backtest is one under way.
type backtest struct {
	from, to felt.Tick // what became known in (from, to] is asked for
	rows     int64     // of that
	at       felt.BacktestProgress
	byID     map[string]felt.Finding
	progress func(felt.BacktestProgress)
}

func (b *backtest) add(found []felt.Finding, batch []felt.Interaction) error {
	b.take(found)
	in, _ := slices.BinarySearchFunc(batch, b.from, func(r felt.Interaction, from felt.Tick) int { return cmp.Compare(r.Known, from+1) })
	b.rows += int64(len(batch) - in)
	b.at.Rows += int64(len(batch))
	b.at.At = batch[len(batch)-1].Known
	b.progress(b.at)
	return nil
}

// take keeps the newest state of each finding.
func (b *backtest) take(list []felt.Finding) {
	for _, f := range list {
		b.byID[f.ID] = f
		if f.Ended > 0 && f.Ended <= b.from {
			delete(b.byID, f.ID)
		}
	}
}

func (b *backtest) findings() []felt.Finding {
	list := make([]felt.Finding, 0, len(b.byID))
	for _, f := range b.byID {
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y felt.Finding) int { return cmp.Or(cmp.Compare(x.Opened, y.Opened), cmp.Compare(x.ID, y.ID)) })
	return list
}
