package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
	"github.com/felt-cx/felt/core/rules"
)

// ruleBook keeps the inventory in force, last, and before it those with which journeys
// began that are still open: a journey is told by the rules under which it began.
type ruleBook struct {
	texts []felt.Inventory
	sets  []*rules.Set
}

// put adds an inventory, and lets go of those that nothing uses.
func (b *ruleBook) put(in felt.Inventory, set *rules.Set, used map[int64]bool) {
	var texts []felt.Inventory // new ones: the stages still read the old
	var sets []*rules.Set
	for i, s := range b.sets {
		if used[s.Version] && s.Version != set.Version {
			texts, sets = append(texts, b.texts[i]), append(sets, s)
		}
	}
	b.texts, b.sets = append(texts, in), append(sets, set)
}

// same is the set made of the same texts under the same version; nil none. An engine that begins with what is stored
// finds the inventory again in the log, and journeys that are held stand for what their set says: it must stay that one.
func (b *ruleBook) same(in *felt.Inventory) *rules.Set {
	for i := range b.texts {
		if b.texts[i].Version == in.Version && slices.Equal(b.texts[i].Files, in.Files) {
			return b.sets[i]
		}
	}
	return nil
}

// current is the set in force; nil before the first.
func (b *ruleBook) current() *rules.Set {
	if len(b.sets) == 0 {
		return nil
	}
	return b.sets[len(b.sets)-1]
}

func (b *ruleBook) save(e *codec.Encoder) {
	e.Len(len(b.texts))
	for _, t := range b.texts {
		e.JSON(t)
	}
}

func (b *ruleBook) load(d *codec.Decoder) {
	for n := d.Len(2); n > 0 && d.Err() == nil; n-- {
		var in felt.Inventory
		d.JSON(&in)
		set, problems := rules.Load(in)
		if set == nil {
			d.Fail(fmt.Sprintf("inventory of version %d: %v", in.Version, problems))
			return
		}
		b.texts, b.sets = append(b.texts, in), append(b.sets, set)
	}
}

// inventory puts an inventory in force when the tick is closed: what that decides is still decided
// under the one before, so that no step falls between the two. One with an error in it changes nothing; it does not
// get on the log but when this build checks more than the one that put it there.
func (e *Engine) inventory(rec felt.Record) error {
	var in felt.Inventory
	if err := json.Unmarshal(rec.Data, &in); err != nil {
		return fmt.Errorf("inventory record %d: %w: %w", rec.Seq, felt.ErrCorrupt, err)
	}
	set := e.rules.same(&in)
	if set == nil {
		var problems []rules.Problem
		if set, problems = rules.Load(in); set == nil {
			return fmt.Errorf("inventory record %d of version %d is not taken: %v", rec.Seq, in.Version, problems)
		}
	}
	used := map[int64]bool{}
	for _, s := range e.stage2 {
		s.counter.RulesInUse(func(version int64) { used[version] = true })
	}
	e.rules.put(in, set, used)
	for p := range e.stage1 {
		e.stage1[p].next, e.stage2[p].next = set, e.rules.sets
	}
	e.stage3.next = set
	return nil
}

// applyRules tells every stage of the inventories, at once.
func (e *Engine) applyRules() {
	for p := range e.stage1 {
		e.stage1[p].tracker.Rules(e.rules.current())
		if set := e.rules.current(); set != nil {
			e.stage1[p].rules = set
		}
		e.stage2[p].counter.Rules(e.rules.sets...)
	}
	e.stage3.signals.Rules(e.rules.current())
	e.stage3.detector.Rules(e.rules.current())
	e.stage3.book.Rules(e.rules.current())
}

// Inventory is the one in force; its zero value before the first.
func (e *Engine) Inventory() felt.Inventory {
	if n := len(e.rules.texts); n > 0 {
		return e.rules.texts[n-1]
	}
	return felt.Inventory{}
}
