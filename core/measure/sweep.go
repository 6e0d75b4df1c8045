package measure

import "github.com/felt-cx/felt"

// Flush hands out operation and edge rows when t is a tick for it. Call it after Tick.
func (k *Tracker) Flush(t felt.Tick) ([]felt.OperationBucket, []felt.EdgeBucket) {
	if !flushes(t - k.shift) {
		return nil, nil
	}
	k.pool.trim()
	ops, calls := k.ops.flush(t, k.symbols), k.edges.flush(t, k.symbols)
	if k.ops.missed || k.symbols.missed {
		k.sweep()
	}
	return ops, calls
}

// sweep forgets the operations, resources and texts that nothing uses any more, so that a
// flood of names that are gone does not keep new ones out. It runs right after a flush,
// when only open traces refer to any of them.
func (k *Tracker) sweep() {
	k.stats.Sweeps++
	k.matcher.reset()
	old, texts := *k.ops, k.symbols.texts
	oldOps, oldResources := append([]operation(nil), old.ops...), append([]resource(nil), old.resources...)
	k.ops.reset()
	k.symbols.reset()
	move := func(y symbol) symbol {
		if n, ok := k.symbols.of[texts[y]]; ok {
			return n
		}
		return k.symbols.add(texts[y])
	}
	renumbered := make([]uint32, len(oldOps)) // new number + 1
	keep := func(n uint32) uint32 {
		if renumbered[n] == 0 {
			op := oldOps[n]
			r := oldResources[op.resource]
			r = resource{move(r.env), move(r.service), move(r.release)}
			no, ok := k.ops.resNo[r]
			if !ok {
				no = uint32(len(k.ops.resources))
				k.ops.resources = append(k.ops.resources, r)
				k.ops.resNo[r] = no
			}
			renumbered[n] = k.ops.keep(operation{
				resource: no, name: move(op.name), kind: op.kind, recent: op.recent, named: op.named,
			}) + 1
		}
		return renumbered[n] - 1
	}
	for n := range oldOps {
		if oldOps[n].used && len(k.ops.ops) < k.ops.max*3/4 {
			keep(uint32(n))
		}
	}
	for _, l := range []*traces{&k.open, &k.kept} {
		for t := l.first; t != nil; t = t.next {
			for i := range t.spans {
				s := &t.spans[i]
				s.op, s.peer = keep(s.op), move(s.peer)
			}
			for n := t.known; n != nil; n = n.next {
				n.env = move(n.env)
			}
		}
	}
}

// keep enters an operation that survives a sweep, also above the bound: a span refers to it.
func (o *operations) keep(op operation) uint32 {
	key := opKey(op.resource, op.name, op.kind)
	if n, ok := o.opNo[key]; ok {
		return n
	}
	n := uint32(len(o.ops))
	o.ops = append(o.ops, op)
	o.opNo[key] = n
	return n
}
