package evidence

import (
	"cmp"
	"slices"
	"strings"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/tell"
)

// firstSeen is when a release of a service was first seen, and whether an older one was there by then.
type firstSeen struct {
	service, release string
	at               felt.Instant
}

// fresh are the releases that telemetry shows, and that were not there when the time before began.
func (j *judging) fresh() []firstSeen {
	firsts := map[[2]string]felt.Instant{}
	note := func(service, release string, at felt.Instant) {
		if release == "" || service == "" {
			return
		}
		k := [2]string{service, release}
		if old, ok := firsts[k]; !ok || at < old {
			firsts[k] = at
		}
	}
	for _, leaves := range [][]felt.Leaf{j.in.LeavesBefore, j.in.Leaves} {
		for i := range leaves {
			note(leaves[i].Service, leaves[i].Release, leaves[i].First)
		}
	}
	for _, points := range [][]felt.OperationPoint{j.in.OperationsBefore, j.in.Operations} {
		for i := range points {
			p := &points[i]
			if _, reached := j.c.depth[p.Service]; !reached {
				continue
			}
			at := p.Start
			if at <= j.in.CallsBefore.From+freshAfter { // who knows since when
				at = j.in.Before.From
			}
			note(p.Service, p.Release, at)
		}
	}
	oldest := map[string]felt.Instant{}
	for k, at := range firsts {
		if old, ok := oldest[k[0]]; !ok || at < old {
			oldest[k[0]] = at
		}
	}
	var list []firstSeen
	for k, at := range firsts {
		if at > oldest[k[0]]+freshAfter && at > j.in.Before.From+freshAfter {
			list = append(list, firstSeen{k[0], k[1], at})
		}
	}
	slices.SortFunc(list, func(a, b firstSeen) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.service, b.service), strings.Compare(a.release, b.release))
	})
	return list
}

// releases judges those that nobody has announced by a change.
func (j *judging) releases() {
	for _, f := range j.fresh() {
		lead := j.in.Incident.FirstBad - f.at
		announced := slices.ContainsFunc(j.in.Changes, func(ch felt.Change) bool {
			return sameRelease(f.release, ch.Version, ch.Services) && (len(ch.Services) == 0 || slices.Contains(ch.Services, f.service))
		})
		if announced || weight(lead) == 0 {
			continue
		}
		ch := felt.Change{Kind: "release", Services: []string{f.service}, Version: f.release, Started: f.at}
		s := felt.Suspect{Kind: ch.Kind, What: whatOf(&ch), Service: f.service, At: f.at, Lead: lead}
		match, why := j.compare(&s, j.touchedBy(&ch), &ch)
		if match < 0 {
			match, why = j.without(&ch)
			s.Score = match * weight(lead)
		} else {
			s.Score = match * (.7 + .3*weight(lead))
		}
		s.Text = s.What + ", first seen in telemetry " + tell.Elapsed(lead) + beforeOrAfter(lead) + ": " + why
		j.add(s)
	}
}

// variants are those of flags that the part which is hit is named by, unless a change tells of them.
func (j *judging) variants() {
	for _, h := range j.hit {
		for _, w := range h.Where {
			key, ok := strings.CutPrefix(w.Key, keyFlag)
			flag := key + "=" + w.Value
			told := slices.ContainsFunc(j.in.Changes, func(ch felt.Change) bool {
				is, _ := sameFlag(&ch, flag)
				return is && ch.Kind == "flag" && weight(j.in.Incident.FirstBad-ch.Started) > 0
			})
			if !ok || told {
				continue
			}
			s := felt.Suspect{Kind: "flag", What: flag}
			ch := felt.Change{Kind: "flag", Version: flag}
			match, why := j.compare(&s, j.touchedBy(&ch), &ch)
			if match < matchLikely {
				continue
			}
			s.Score, s.Text = matchVariant, flag+": "+why+"; nobody told when it was switched"
			j.add(s)
		}
	}
}
