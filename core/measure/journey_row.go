package measure

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// rowFlags bounds the flags of a journey's row.
const rowFlags = 64

// rowMaker makes rows of journeys. It holds scratch memory only.
type rowMaker struct{ enc codec.Encoder }

// rowOf is the row of a journey but for what its earlier versions say: id, version, when it
// became known.
func (f *folder) rowOf(s *story, w *way, version int64) felt.Interaction {
	r := felt.Interaction{
		Env: s.key.env, App: w.def.App, Name: s.key.journey, Journey: s.key.journey, Kind: felt.KindJourney, Traffic: s.key.traffic,
		Start: f.begun(w, w.told), End: w.end, Outcome: w.outcome, Reason: w.why.reason, ErrorClass: w.why.class,
		OutcomeRule: w.rule, RulesVersion: version, AbandonedHow: w.how,
	}
	r.Duration = int64(w.last - r.Start)
	if r.App == "" {
		r.App = s.tries[w.from].who.app
	}
	for i := w.from; i < w.told; i++ {
		t := &s.tries[i]
		p := t.who
		if p.level != felt.LevelNone && (r.IdentityLevel == felt.LevelNone || p.level <= r.IdentityLevel) {
			r.Customer, r.IdentityLevel, r.KeyID = p.customer, p.level, p.keyID
		}
		fillHash(&r.Account, p.account)
		fillHash(&r.Installation, p.installation)
		fillHash(&r.Session, p.session)
		fillText(&r.Release, p.release)
		r.Segments = fillSegments(r.Segments, p.segments)
		r.Flags = fillFlags(r.Flags, p.flags)
		if t.weight > r.Weight {
			r.Weight, r.Draw = t.weight, t.draw
		}
	}
	r.ValueMinor, r.Currency = f.worth(w)
	f.steps(&r, w)
	return r
}

func fillHash(dst *felt.Hash, src felt.Hash) {
	if dst.IsZero() {
		*dst = src
	}
}

// fillFlags takes from o the flags that have no variant yet. Both are sorted.
func fillFlags(flags, o []string) []string {
	n := len(flags)
	for _, f := range o {
		key, _, _ := strings.Cut(f, "=")
		if len(flags) < rowFlags && !slices.ContainsFunc(flags[:n], func(have string) bool {
			k, _, _ := strings.Cut(have, "=")
			return k == key
		}) {
			flags = append(flags, f)
		}
	}
	if len(flags) > n {
		slices.Sort(flags)
	}
	return flags
}

// steps tells how far the journey came, step by step.
func (f *folder) steps(r *felt.Interaction, w *way) {
	f.begin(w.def)
	for i := w.from; i < w.told; i++ {
		if place := placeIn(w.def, f.tries[i].step); place >= 0 {
			f.sum(w.def, i, place)
		}
	}
	r.Steps = make([]felt.StepState, len(w.def.Steps))
	for i, st := range w.def.Steps {
		s := &f.sums[i]
		r.Steps[i] = felt.StepState{Name: st.Name, Outcome: s.outcome, Start: s.start, Tries: s.tries}
		if s.decides >= 0 {
			r.Steps[i].End = f.tries[s.decides].end
		}
		r.Retries += s.failures
		if s.last == felt.OutcomeFailed {
			r.Retries-- // nothing followed it
		}
	}
}

// worth is what the journey earns, or would have: an interaction's own value goes before
// the inventory's.
func (f *folder) worth(w *way) (int64, string) {
	v := &w.def.Value
	if v.Per == "interaction" {
		return f.worthEach(w)
	}
	if w.goal >= 0 && f.tries[w.goal].value != 0 {
		return f.tries[w.goal].value, f.tries[w.goal].who.currency
	}
	for i := w.told - 1; i >= w.from; i-- {
		if t := &f.tries[i]; t.value != 0 {
			return t.value, t.who.currency
		}
	}
	return v.AmountMinor, v.Currency
}

// worthEach sums over the tries that worked, in the currency of the first.
func (f *folder) worthEach(w *way) (sum int64, currency string) {
	first := true
	for i := w.from; i < w.told; i++ {
		t := &f.tries[i]
		place := placeIn(w.def, t.step)
		if place < 0 {
			continue
		}
		if o, _ := judged(w.def.Steps[place], t); o != felt.OutcomeSuccess && o != felt.OutcomeDegraded {
			continue
		}
		value, in := t.value, t.who.currency
		if value == 0 {
			value, in = w.def.Value.AmountMinor, w.def.Value.Currency
		}
		if value == 0 {
			continue
		}
		if first {
			currency, first = in, false
		}
		if in == currency {
			sum += value
		}
	}
	return sum, currency
}

// gone is the row of a journey whose steps turned out to be another one's.
func (o *told) goneRow(s *story) felt.Interaction {
	p := o.who
	return felt.Interaction{
		Env: s.key.env, App: o.app, Name: s.key.journey, Journey: s.key.journey, Kind: felt.KindJourney, Traffic: s.key.traffic,
		Start: o.start, End: o.end, Duration: int64(o.end - o.start), Outcome: felt.OutcomeCancelled,
		OutcomeRule: ruleMerged, Reason: "its steps became part of another journey", Weight: o.weight,
		Customer: p.customer, IdentityLevel: p.level, KeyID: p.keyID, Account: p.account, Installation: p.installation,
		Session: p.session, Release: p.release, ValueMinor: o.value, Currency: o.currency,
	}
}

// digest is a number that changes when the row does.
func (m *rowMaker) digest(r *felt.Interaction) uint64 {
	e := &m.enc
	e.B = e.B[:0]
	for _, t := range []string{r.App, r.Reason, r.OutcomeRule, r.ErrorClass, r.Release, r.Currency} {
		e.String(t)
	}
	e.Int(int64(r.Start))
	e.Int(int64(r.End))
	e.Int(r.Duration)
	e.Int(r.RulesVersion)
	e.Int(r.ValueMinor)
	e.Int(int64(r.Retries))
	e.B = append(e.B, byte(r.Outcome), byte(r.AbandonedHow), byte(r.IdentityLevel))
	e.Uint(math.Float64bits(r.Weight))
	e.Uint(r.Draw)
	e.Uint(uint64(r.KeyID))
	for _, h := range []felt.Hash{r.Customer, r.Account, r.Installation, r.Session} {
		e.Fixed(h[:])
	}
	for _, f := range r.Flags {
		e.String(f)
	}
	e.Len(len(r.Flags))
	for _, s := range r.Segments {
		e.String(s.Key)
		e.String(s.Value)
	}
	for _, s := range r.Steps {
		e.B = append(e.B, byte(s.Outcome))
		e.Int(int64(s.Start))
		e.Int(int64(s.End))
		e.Int(int64(s.Tries))
	}
	sum := uint64(14695981039346656037) // FNV-1a
	for _, b := range e.B {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	return sum
}

// deriveID names a journey by the first of its tries. salt tells journeys apart that
// would have the same name.
func (k *storyKey) deriveID(first halfID, salt uint64) (id felt.InteractionID) {
	var b []byte
	for _, t := range []string{"journey", k.env, k.journey} {
		b = binary.AppendUvarint(b, uint64(len(t)))
		b = append(b, t...)
	}
	b = append(b, byte(k.traffic))
	b = append(b, k.who[:]...)
	b = append(b, first[:]...)
	b = binary.AppendUvarint(b, salt)
	sum := sha256.Sum256(b)
	copy(id[:], sum[:])
	return id
}
