package httpapi

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/felt-cx/felt"
)

// openIncident is what live pages compare.
type openIncident struct {
	id      string
	version int64
	status  felt.IncidentStatus
}

// live holds the open incidents as of one place of the log, so that many live pages
// cost one question.
type live struct {
	mu   sync.Mutex
	at   felt.Progress
	envs map[string][]openIncident
}

// open lists the open incidents of an environment at p.
func (l *live) open(ctx context.Context, a *API, env string, p felt.Progress) ([]openIncident, error) {
	l.mu.Lock() // held while asking: the others want the same answer
	defer l.mu.Unlock()
	if l.envs == nil || l.at != p {
		l.at, l.envs = p, map[string][]openIncident{}
	}
	if list, ok := l.envs[env]; ok {
		return list, nil
	}
	incidents, err := a.openIncidents(ctx, env)
	if err != nil {
		return nil, err
	}
	list := make([]openIncident, 0, len(incidents))
	for _, i := range incidents {
		list = append(list, openIncident{i.ID, i.Version, i.Status})
	}
	l.envs[env] = list
	return list, nil
}

// changes brings seen up to date and returns what has changed, in the order of open.
// What is open no more was resolved.
func changes(seen map[string]openIncident, open []openIncident) []openIncident {
	var changed []openIncident
	still := make(map[string]bool, len(open))
	for _, i := range open {
		still[i.id] = true
		if seen[i.id] != i {
			seen[i.id] = i
			changed = append(changed, i)
		}
	}
	gone := len(changed)
	for id, i := range seen {
		if !still[id] {
			i.status = felt.IncidentResolved
			changed = append(changed, i)
			delete(seen, id)
		}
	}
	slices.SortFunc(changed[gone:], func(x, y openIncident) int { return cmp.Compare(x.id, y.id) })
	return changed
}
