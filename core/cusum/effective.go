package cusum

// Effective is how much of each of n tries in a window counts as one of its own, given how much
// more than by chance the share was seen to vary: above 0, at most 1.
func (r *Rate) Effective(n float64) float64 {
	o := r.odds()
	return r.effective(0, n, &o)
}
