package felt

// FindingQuestion is a question for findings.
type FindingQuestion struct {
	Scope              // App and Name "" and Kind 0: any
	Window             // findings that lasted at some time in it
	What   FindingKind // "" any
	Paging bool        // only those that were worth waking somebody
	Limit  int         // at most so many; 100 when below 1
}

// FindingsDefault is how many findings are listed where the question sets no limit.
const FindingsDefault = 100

// Most is how many findings are listed at most.
func (q *FindingQuestion) Most() int {
	if q.Limit < 1 {
		return FindingsDefault
	}
	return q.Limit
}

// In tells whether a finding answers the question. A finding lasts from its opening up to its end.
func (q *FindingQuestion) In(f *Finding) bool {
	s := &f.Series
	return s.Env == q.Env && (q.App == "" || s.App == q.App) && (q.Name == "" || s.Name == q.Name) && (q.Kind == 0 || s.Kind == q.Kind) &&
		(q.What == "" || f.Kind == q.What) && (f.Paging || !q.Paging) &&
		f.Opened.Instant() < q.To && (f.Ended == 0 || f.Ended.Instant() > q.From)
}
