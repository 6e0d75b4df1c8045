package detect

import "math"

// Tail is the exact chance of k or more successes in n independent tries with
// probability p each, to about 12 digits. It is 1 for k <= 0 and 0 for k > n.
func Tail(k, n int64, p float64) float64 {
	switch {
	case k <= 0:
		return 1
	case k > n || p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	// Terms fall off on both sides of the mean. Sum the side on which they do.
	if float64(k) > float64(n)*p {
		return math.Min(1, sumUp(k, n, p))
	}
	return math.Max(0, 1-sumDown(k-1, n, p))
}

// sumUp is P(X >= k) for k above the mean.
func sumUp(k, n int64, p float64) float64 {
	term, sum := 1.0, 1.0 // in units of the first term
	odds := p / (1 - p)
	for i := k; i < n; i++ {
		term *= float64(n-i) / float64(i+1) * odds
		sum += term
		if term < sum*1e-17 {
			break
		}
	}
	return math.Exp(logTerm(k, n, p) + math.Log(sum))
}

// sumDown is P(X <= k) for k below or at the mean.
func sumDown(k, n int64, p float64) float64 {
	term, sum := 1.0, 1.0
	odds := (1 - p) / p
	for i := k; i > 0; i-- {
		term *= float64(i) / float64(n-i+1) * odds
		sum += term
		if term < sum*1e-17 {
			break
		}
	}
	return math.Exp(logTerm(k, n, p) + math.Log(sum))
}

// logTerm is the logarithm of P(X = k).
func logTerm(k, n int64, p float64) float64 {
	choose := logFactorial(n) - logFactorial(k) - logFactorial(n-k)
	return choose + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p)
}

func logFactorial(n int64) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}

// logRatio is how much likelier k of n is under its own share than under p, as a
// logarithm; 0 when its share is not above p.
func logRatio(k, n int64, p float64) float64 {
	q := float64(k) / float64(n)
	if n == 0 || q <= p {
		return 0
	}
	v := float64(k) * math.Log(q/p)
	if k < n {
		v += float64(n-k) * math.Log((1-q)/(1-p))
	}
	return v
}
