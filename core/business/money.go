package business

import "strings"

// decimals is how many decimals a currency has (ISO 4217); most have two.
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// isCurrency: three capital letters.
func isCurrency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for _, c := range []byte(s) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// maxAmount keeps sums of many amounts inside 64 bits.
const maxAmount = int64(1e15)

// minorUnits reads a plain decimal number, such as -12.50, as a whole number of its
// n-th decimals. Further decimals must be zeros. The message is empty when it is one.
func minorUnits(s string, n int) (v int64, message string) {
	digits := s
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		digits = s[1:]
	}
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || point && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return 0, "want a plain decimal number with a point, such as 1249.50"
	}
	if len(fraction) > n {
		if strings.Trim(fraction[n:], "0") != "" {
			return 0, "has more decimals than the currency"
		}
		fraction = fraction[:n]
	}
	for _, c := range []byte(whole + fraction + strings.Repeat("0", n-len(fraction))) {
		v = v*10 + int64(c-'0')
		if v > maxAmount {
			return 0, "is too large"
		}
	}
	if negative {
		v = -v
	}
	return v, ""
}

func allDigits(s string) bool {
	for _, c := range []byte(s) {
		if c-'0' >= 10 {
			return false
		}
	}
	return true
}
