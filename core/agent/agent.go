package agent

import (
	"strconv"
	"strings"

	"github.com/mileusna/useragent"

	"github.com/felt-cx/felt"
)

// MaxLength is how many bytes of a text are looked at. Real ones have up to 300.
const MaxLength = 400

// Agent is what a text says; its zero value: nothing.
type Agent struct {
	Device  string // desktop, mobile, tablet, tv
	Browser string // Chrome, Safari, ..., other
	Version string // the major number; "" when there is none
	OS      string // Windows, macOS, iOS, Android, Linux, ChromeOS, ..., other
	Traffic felt.Traffic
}

// Parse reads a text as it is sent in the header User-Agent.
func Parse(text string) Agent {
	text = strings.TrimSpace(text[:min(len(text), MaxLength)])
	if text == "" {
		return Agent{}
	}
	low := strings.ToLower(text)
	ua := useragent.Parse(text)
	traffic := trafficOf(low, &ua)
	a := Agent{Traffic: traffic}
	if ua.OS == "" && !strings.HasPrefix(low, "mozilla/") || traffic == felt.TrafficBot {
		return a // no browser: a library, a service, a crawler
	}
	a.Device = deviceOf(low, &ua)
	a.Browser, a.OS = known(browserNames(), browserName(&ua)), known(systems(), systemName(low, &ua))
	if n := ua.VersionNo.Major; n > 0 && n < 10_000 && a.Browser != other && ua.Name != trident {
		a.Version = strconv.Itoa(n)
	}
	return a
}

func known(list []string, name string) string {
	for _, n := range list {
		if n == name {
			return n
		}
	}
	return other
}

const (
	other   = "other"
	trident = "Trident" // Internet Explorer 11, which does not name itself
)

func browserNames() []string {
	return []string{
		useragent.Chrome, useragent.Safari, useragent.Firefox, useragent.Edge, useragent.Opera, useragent.OperaMini, useragent.OperaTouch,
		useragent.SamsungBrowser, useragent.Vivaldi, useragent.InternetExplorer, "Android browser", "Huawei Browser", "Miui Browser",
		"Yandex Browser", "UC Browser", "DuckDuckGo", "Electron", useragent.FacebookApp, useragent.InstagramApp, useragent.TiktokApp,
	}
}

// browserName gives a browser the name that people know it by.
func browserName(ua *useragent.UserAgent) string {
	switch ua.Name {
	case trident:
		return useragent.InternetExplorer
	case useragent.HeadlessChrome:
		return useragent.Chrome
	case "YaBrowser":
		return "Yandex Browser"
	case "UCBrowser", "UBrowser":
		return "UC Browser"
	case "Ddg":
		return "DuckDuckGo"
	}
	return ua.Name
}

func systems() []string {
	return []string{
		useragent.Windows, useragent.MacOS, useragent.IOS, useragent.Android, useragent.Linux, useragent.ChromeOS,
		useragent.FreeBSD, useragent.WindowsPhone, useragent.BlackBerry, useragent.Harmony,
	}
}

func systemName(low string, ua *useragent.UserAgent) string {
	if strings.Contains(low, "; cros ") {
		return useragent.ChromeOS // which says Linux as well at times
	}
	return ua.OS
}

func deviceOf(low string, ua *useragent.UserAgent) string {
	switch {
	case !ua.Tablet && isTV(low):
		return "tv"
	case ua.Tablet, ua.OS == useragent.Android && !strings.Contains(low, "mobile") && ua.Name != useragent.OperaMini:
		return "tablet"
	case ua.Mobile:
		return "mobile"
	}
	return "desktop"
}

// isTV knows televisions and the sticks that make a screen one.
func isTV(low string) bool {
	return containsAny(low, "smart-tv", "smarttv", "googletv", "appletv", "hbbtv", "web0s", "webos.tv", "tizen; tv", "crkey", "bravia", "; aft")
}

// trafficOf tells crawlers and the robots of people who look after pages from customers.
func trafficOf(low string, ua *useragent.UserAgent) felt.Traffic {
	switch {
	case containsAny(
		low, "headlesschrome", "phantomjs", "lighthouse", "page speed insights", "ptst/", "gtmetrix", "cypress/", "playwright/", "puppeteer",
		"pingdom", "uptimerobot", "statuscake", "site24x7", "checkly", "catchpoint", "datadogsynthetics", "newrelicpinger",
		"elastic/synthetics", "dynatracesynthetic", "better uptime", "k6/", "kube-probe/", "elb-healthchecker", "googlehc/", "consul health check",
	):
		return felt.TrafficTest
	case ua.Bot, containsAny(
		low, "googlebot", "bingbot", "adsbot-google", "mediapartners-google", "google-extended", "duckduckbot", "baiduspider", "yandexbot",
		"yandex.com/bots", "slurp", "applebot", "facebookexternalhit", "meta-externalagent", "twitterbot", "linkedinbot", "pinterestbot",
		"slackbot", "telegrambot", "whatsapp/", "discordbot", "ahrefsbot", "semrushbot", "mj12bot", "dotbot", "petalbot", "bytespider",
		"gptbot", "oai-searchbot", "chatgpt-user", "claudebot", "claude-user", "perplexitybot", "ccbot", "amazonbot", "ia_archiver", "crawler",
	):
		return felt.TrafficBot
	}
	return felt.TrafficCustomer
}

func containsAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
