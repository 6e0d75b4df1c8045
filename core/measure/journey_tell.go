package measure

import (
	"slices"

	"github.com/felt-cx/felt"
)

// look tells the journeys of a story anew, writes what is not as it was told before, and puts
// the story to rest.
func (l *ledger) look(s *story, t felt.Tick) {
	ways := l.folder.fold(s.tries, s.after, t.Instant()-l.settings.Settle)
	forced := l.crowded(s, ways)
	if !l.inForce[s.key.journey] {
		forced = takeOut(ways)
	}
	assign(s, ways)
	var due felt.Tick
	for i := range ways {
		if !ways[i].silent {
			sooner(&due, l.tell(s, &ways[i], t))
		}
	}
	l.takeBack(s, t)
	sooner(&due, l.seal(s, ways, forced, t))
	if len(s.tries) > 0 {
		s.forget, s.open = 0, ways[len(ways)-1].outcome == felt.OutcomeNone
		l.rest(s, due)
		return
	}
	if s.forget == 0 {
		s.forget = max(t+ticks(l.settings.Remember), l.forgetAt(s))
	}
	if len(s.rows) == 0 || t >= s.forget {
		l.drop(s)
		return
	}
	l.rest(s, s.forget)
}

func sooner(due *felt.Tick, t felt.Tick) {
	if t != 0 && (*due == 0 || t < *due) {
		*due = t
	}
}

// tickAt is the first tick at which an instant has passed.
func tickAt(at felt.Instant) felt.Tick {
	return felt.Tick(-(-at).Floor(felt.Second) / felt.Second)
}

// crowded is how many of the journeys have to go because there are too many tries. One that
// is still open ends by that.
func (l *ledger) crowded(s *story, ways []way) (forced int) {
	for n := len(s.tries); n > max(l.settings.JourneySteps, 1) && forced < len(ways); forced++ {
		w := &ways[forced]
		n -= w.to - w.from
		if !w.silent {
			l.stats.SealedEarly++
		}
		w.noRoom()
	}
	return forced
}

// noRoom ends a journey that is still open, because it cannot be held.
func (w *way) noRoom() { w.cancel(ruleNoRoom, "too much to hold") }

// cancel ends a journey that is still open, not by what its customer did.
func (w *way) cancel(rule, reason string) {
	if w.outcome == felt.OutcomeNone {
		w.outcome, w.rule, w.end, w.why = felt.OutcomeCancelled, rule, w.last, cause{reason: reason}
	}
}

// takeOut ends what is open of a journey that is not in the inventory any more: its customers have
// not left. Nothing comes for it, so all is sealed; otherwise it would run out of time.
func takeOut(ways []way) (forced int) {
	for i := range ways {
		ways[i].cancel(ruleTaken, "taken out of the inventory")
	}
	return len(ways)
}

// assign gives each journey the row that the first of its tries that had one belonged to, if no
// earlier journey has it.
func assign(s *story, ways []way) {
	for _, r := range s.rows {
		r.taken = false
	}
	for i := range ways {
		w := &ways[i]
		for j := w.from; j < w.to && w.row == nil && !w.silent; j++ {
			if r := s.tries[j].row; r != nil && !r.taken {
				r.taken, w.row = true, r
			}
		}
	}
}

// tell writes a journey if it has to be now, and returns when it has to be looked at again.
func (l *ledger) tell(s *story, w *way, t felt.Tick) (due felt.Tick) {
	if w.outcome == felt.OutcomeNone {
		due = tickAt(w.closes + l.settings.Settle)
		if at := openDue(w.row, t); at > t {
			sooner(&due, at)
			l.own(s, w)
			return due
		}
	}
	row := l.folder.rowOf(s, w, l.versions[w.def])
	digest := l.row.digest(&row)
	if w.row == nil {
		w.row = s.newRow(w, &l.spare)
	} else if w.row.digest == digest && !w.row.gone {
		l.own(s, w)
		return due
	}
	w.row.who = s.tries[w.from].who
	l.write(s, w.row, row, digest, t)
	l.own(s, w)
	return due
}

// openDue is when the row of a journey that is open may be written.
func openDue(o *told, t felt.Tick) felt.Tick {
	at := t
	switch {
	case o == nil:
	case o.outcome != felt.OutcomeNone:
		return t // it had been told as ended
	default:
		at = max(t, o.written+openEvery)
	}
	if flushes(at) {
		return at
	}
	return nextFlush(at)
}

// own notes to which row the tries of a journey belong.
func (l *ledger) own(s *story, w *way) {
	for i := w.from; i < w.to && w.row != nil; i++ {
		s.tries[i].row = w.row
	}
}

// newRow names a journey that has no row. A row that was taken back is taken up again.
func (s *story) newRow(w *way, m *spare) *told {
	seed := s.tries[w.from].id
	for salt := uint64(0); ; salt++ {
		i := slices.IndexFunc(s.rows, func(o *told) bool { return o.seed == seed && o.salt == salt })
		if i < 0 {
			o := m.row()
			o.seed, o.salt, o.taken = seed, salt, true
			s.rows = append(s.rows, o)
			return o
		}
		if o := s.rows[i]; !o.taken {
			o.taken = true
			return o
		}
	}
}

// write hands on the next version of a row.
func (l *ledger) write(s *story, o *told, row felt.Interaction, digest uint64, t felt.Tick) {
	d := Decision{Interaction: row}
	if o.version > 0 {
		d.Was = Was{s.key.env, o.app, s.key.journey, s.key.traffic, o.end, o.outcome, o.weight, o.value, o.gone}
	} else {
		o.firstKnown = t
	}
	l.counted(o, &row)
	o.version++
	d.ID, d.Version, d.Known, d.FirstKnown = s.key.deriveID(o.seed, o.salt), o.version, t, o.firstKnown
	if o.firstOutcome == felt.OutcomeNone && !d.Withdrawn() {
		o.firstOutcome, d.First = row.Outcome, row.Outcome != felt.OutcomeNone
	}
	d.FirstOutcome = o.firstOutcome
	o.app = row.App
	o.written, o.digest, o.start, o.end, o.outcome = t, digest, row.Start, row.End, row.Outcome
	o.weight, o.value, o.currency, o.gone = row.Weight, row.ValueMinor, row.Currency, false
	l.out = append(l.out, d)
}

func (l *ledger) counted(o *told, row *felt.Interaction) {
	switch outcome := row.Outcome; {
	case o.version > 0 && o.outcome != felt.OutcomeNone:
		l.stats.JourneyCorrections++
	case row.OutcomeRule == ruleMerged:
	case outcome != felt.OutcomeNone:
		l.stats.Journeys++
		l.stats.JourneyOutcomes.Add(outcome, 1)
	}
}

// takeBack withdraws the rows that are no journey's any more.
func (l *ledger) takeBack(s *story, t felt.Tick) {
	for _, o := range s.rows {
		if !o.taken && !o.gone {
			l.stats.JourneysMerged++
			l.write(s, o, o.goneRow(s), 0, t)
			o.gone = true
		}
	}
}

// seal lets go of the oldest journeys that have ended long enough ago, and of so many in
// any case. It returns when the next one is due.
func (l *ledger) seal(s *story, ways []way, forced int, t felt.Tick) felt.Tick {
	n, cut := 0, 0
	var due felt.Tick
	for i := range ways {
		w := &ways[i]
		if w.outcome == felt.OutcomeNone {
			break
		}
		if at := l.sealAt(s, w); at > t && i >= forced {
			due = at
			break
		}
		s.sealed, cut, n = max(s.sealed, w.end, s.tries[w.to-1].end), w.to, i+1
		switch {
		case w.goal >= 0:
			s.after = tail{until: w.tail().until}
		case !w.silent:
			s.after = tail{}
		}
	}
	if n == 0 {
		return due
	}
	for i := range ways[:n] {
		if o := ways[i].row; o != nil {
			s.letGo(o)
			l.spare.backRow(o)
		}
	}
	l.tries -= cut
	s.tries = slices.Delete(s.tries, 0, cut)
	if len(s.tries) == 0 {
		for _, o := range s.rows {
			l.spare.backRow(o)
		}
		s.rows = s.rows[:0]
	}
	return due
}

// letGo takes a row out of a story.
func (s *story) letGo(o *told) {
	s.rows = slices.DeleteFunc(s.rows, func(r *told) bool { return r == o })
	for i := range s.tries {
		if s.tries[i].row == o {
			s.tries[i].row = nil
		}
	}
}

// late is how long after it has ended, and has been written, a journey can be corrected.
func (l *ledger) late() felt.Instant { return l.settings.JourneyLate + l.settings.Settle }

// sealAt is when a journey that has ended is not held any longer.
func (l *ledger) sealAt(s *story, w *way) felt.Tick {
	at := max(w.end, s.tries[w.to-1].end)
	if w.row != nil {
		at = max(at, w.row.written.Instant())
	}
	return tickAt(at + l.late())
}

// forgetAt is when nothing can come any more that a sealed story has to answer for.
func (l *ledger) forgetAt(s *story) felt.Tick { return tickAt(max(s.sealed, s.after.until) + l.late()) }

// makeRoom lets go of what is too much: of stories of which nothing is open first.
func (l *ledger) makeRoom(t felt.Tick) {
	for limit := max(l.settings.OpenJourneys/l.parts, 1); l.shelf.n > limit; {
		n := l.shelf.ended.oldest
		if n == 0 {
			n = l.shelf.open.oldest
		}
		l.evict(n, t)
	}
	l.sweep(t)
}

// evict lets go of a story for want of room.
func (l *ledger) evict(n int32, t felt.Tick) {
	s := l.unpack(n)
	ways := l.folder.fold(s.tries, s.after, t.Instant()-l.settings.Settle)
	assign(s, ways)
	for i := range ways {
		w := &ways[i]
		if w.silent {
			continue
		}
		l.stats.SealedEarly++
		w.noRoom()
		l.tell(s, w, t)
	}
	l.seal(s, ways, len(ways), t)
	s.forget = max(t+ticks(l.settings.Remember), l.forgetAt(s))
	l.drop(s)
	clear(l.touched)
	l.touched = l.touched[:0]
}
