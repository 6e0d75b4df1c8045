package otlp

import "strings"

// CleanText is what is kept of a text that did not come as telemetry: what redaction
// makes of any text (see the package page), cut to max bytes. What is not UTF-8 is
// replaced.
func CleanText(s string, max int) string {
	return clean(s, actKeep, max)
}

// CleanURL is CleanText of an address: what is behind ? or # is cut off too.
func CleanURL(s string, max int) string {
	return clean(s, actURL, max)
}

func clean(s string, a action, max int) string {
	b, _ := cleanText(nil, []byte(strings.ToValidUTF8(s, "\uFFFD")), a, max)
	return string(b)
}
