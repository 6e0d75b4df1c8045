package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/agent"
)

func TestParse(t *testing.T) {
	const moz = "Mozilla/5.0 "
	for text, want := range map[string]string{
		moz + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                                                                     "desktop Chrome 126 Windows customer",
		moz + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":                                                                               "desktop Safari 17 macOS customer",
		moz + "(X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0":                                                                                                                              "desktop Firefox 127 Linux customer",
		moz + "(X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36":                                                                                               "desktop Chrome 148 Linux customer",
		moz + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0":                                                                       "desktop Edge 126 Windows customer",
		moz + "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 OPR/112.0.0.0":                                                                       "desktop Opera 112 Windows customer",
		moz + "(X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                                                                      "desktop Chrome 126 ChromeOS customer",
		moz + "(Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko":                                                                                                                               "desktop Internet Explorer  Windows customer",
		moz + "(Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                                                                                     "mobile Chrome 126 Android customer",
		moz + "(Linux; Android 13; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                                                                                     "tablet Chrome 126 Android customer",
		moz + "(Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36":                                                  "mobile Samsung Browser 25 Android customer",
		moz + "(iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1":                                                             "mobile Safari 17 iOS customer",
		moz + "(iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1":                                                      "mobile Chrome 126 iOS customer",
		moz + "(iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1":                                                                      "tablet Safari 16 iOS customer",
		moz + "(Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0":                                                                                                                                "mobile Firefox 127 Android customer",
		moz + "(Linux; Android 9; AFTS) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0.0.0 Safari/537.36":                                                                                          "tv Chrome 100 Android customer",
		moz + "(SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/6.0 TV Safari/538.1":                                                                                          "tv other  Linux customer",
		moz + "(iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/466.0.0.39.107;FBBV/605]":                                             "mobile Facebook App  iOS customer",
		moz + "(X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36":                                                                                       "desktop Chrome 126 Linux test",
		moz + "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Chrome-Lighthouse":                                                             "desktop Chrome 126 macOS test",
		moz + "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                                                                                                            "    bot",
		moz + "(Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "    bot",
		moz + "AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)":                                                                                              "    bot",
		moz + "AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/103.0.5060.134 Safari/537.36":                                                   "    bot",
		"facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)":                                                                                                                     "    bot",
		"kube-probe/1.29": "    test",
		"Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)": "    test",
		"Go-http-client/1.1":     "    customer",
		"curl/8.5.0":             "    customer",
		"okhttp/4.12.0":          "    customer",
		"python-requests/2.32.3": "    customer",
		"axios/1.7.2":            "    customer",
		"Shop/3.2 CFNetwork/1496.0.7 Darwin/23.5.0": "    customer",
		"":     "    customer",
		"   ":  "    customer",
		"\x00": "    customer",
		moz + "(Windows NT 10.0) Evil<script>/1 Chrome/1.0 Safari/1": "desktop other  Windows customer",
	} {
		a := agent.Parse(text)
		if got := fmt.Sprintf("%s %s %s %s %s", a.Device, a.Browser, a.Version, a.OS, a.Traffic); got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
}

// hostile are texts made to cost time.
func hostile() []string {
	return []string{
		strings.Repeat("a/1 ", 100_000), strings.Repeat("(", 100_000), strings.Repeat("Mozilla/5.0 (", 10_000), strings.Repeat(";", 1<<20),
		"Mozilla/5.0 (Macintosh; Intel Mac OS X " + strings.Repeat("1_", 100_000) + ")", strings.Repeat("é/", 50_000), strings.Repeat("Version/ ", 10_000),
	}
}

// TestCost: no text costs more than some microseconds. The bound leaves room for a machine that
// others use.
func TestCost(t *testing.T) {
	for _, text := range hostile() {
		best := time.Hour
		for range 20 {
			began := time.Now()
			agent.Parse(text)
			best = min(best, time.Since(began))
		}
		if best > 500*time.Microsecond {
			t.Errorf("%.20q...: %v", text, best)
		}
	}
}

// TestCache: it says what Parse says, holds few, and does not hold on to the caller's bytes.
func TestCache(t *testing.T) {
	var c agent.Cache
	buf := make([]byte, 0, 1024)
	for i := range 20_000 {
		text := fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0", i%9000+1, i%9000+1)
		buf = append(buf[:0], text...)
		if got, want := c.Parse(buf), agent.Parse(text); got != want {
			t.Fatalf("%s: %+v, want %+v", text, got, want)
		}
	}
	if n := c.Len(); n > 5000 {
		t.Errorf("it holds %d texts", n)
	}
	if c.Parse(nil) != (agent.Agent{}) {
		t.Error("nothing says something")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s[:min(len(s), 300)])
	}
	f.Add("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1")
	f.Fuzz(func(t *testing.T, text string) {
		a := agent.Parse(text)
		var c agent.Cache
		if got := c.Parse([]byte(text)); got != a {
			t.Errorf("remembered %+v, read %+v", got, a)
		}
		for _, s := range []string{a.Device, a.Browser, a.Version, a.OS} {
			if len(s) > 20 || strings.ContainsAny(s, "<>\x00\"") {
				t.Errorf("%q says %q", text, s)
			}
		}
		if a.Traffic > felt.TrafficBot {
			t.Errorf("traffic %d", a.Traffic)
		}
		if (a.Browser == "") != (a.Device == "") || (a.OS == "") != (a.Device == "") {
			t.Errorf("half a browser: %+v", a)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	const text = "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			agent.Parse(text)
		}
	})
	b.Run("worst", func(b *testing.B) {
		s := hostile()[0]
		for b.Loop() {
			agent.Parse(s)
		}
	})
	b.Run("known", func(b *testing.B) {
		var c agent.Cache
		list := [][]byte{[]byte(text), []byte(text + " ")}
		for i := 0; b.Loop(); i++ {
			c.Parse(list[i&1])
		}
	})
}
