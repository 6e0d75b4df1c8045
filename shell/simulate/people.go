package simulate

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// segment values. What a person or device has follows from its number alone, so that
// nothing needs to be kept of millions of them.

// share is a value with its share in percent.
type share struct {
	value string
	share uint64
}

func regions() []share {
	return []share{{"eu-west", 40}, {"eu-central", 25}, {"us-east", 22}, {"ap-south", 13}}
}
func plans() []share { return []share{{"free", 60}, {"pro", 30}, {"business", 10}} }

// releases of pages: some tabs are older than the newest.
const (
	releaseNew = iota
	releaseOld
	releaseBad // that of a fault
	releaseKinds
)

const (
	newRelease = "5.2.0"
	oldRelease = "5.1.4"
	// serviceRelease is what services run.
	serviceRelease = "2026.11.1"
)

// browser is a kind of browser on a kind of device.
type browser struct {
	name, platform, language, agent string
	mobile                          bool
	share                           uint64
}

func browsers() []browser {
	return []browser{
		{"chrome", "Windows", "de-DE", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Safari/537.36", false, 34},
		{"safari", "macOS", "en-US", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15", false, 14},
		{"firefox", "Linux", "pl-PL", "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", false, 10},
		{"edge", "Windows", "es-ES", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/151.0.0.0 Safari/537.36 Edg/151.0.0.0", false, 9},
		{"chrome", "Android", "fr-FR", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Mobile Safari/537.36", true, 18},
		{"safari", "iOS", "en-GB", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1", true, 15},
	}
}

// tables are made once for a world.
type tables struct {
	regions, plans []share
	browsers       []browser
}

func newTables() tables { return tables{regions(), plans(), browsers()} }

// segmentValues are the values by which a fault may choose customers.
func segmentValues() map[string][]string {
	m := map[string][]string{"device": {"desktop", "mobile"}, "release": {newRelease, oldRelease}}
	for _, r := range regions() {
		m["region"] = append(m["region"], r.value)
	}
	for _, p := range plans() {
		m["plan"] = append(m["plan"], p.value)
	}
	for _, b := range browsers() {
		if !slices.Contains(m["browser"], b.name) {
			m["browser"] = append(m["browser"], b.name)
		}
	}
	return m
}

// mix spreads neighbouring numbers over all: the finaliser of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// choose picks by share with a number that looks random.
func choose(n uint64, from []share) uint8 {
	n %= 100
	for i, s := range from {
		if n < s.share {
			return uint8(i) //nolint:gosec // a handful
		}
		n -= s.share
	}
	return 0
}

// most devices of a person; a device's number is person * devices + its place.
const devices = 4

// somebody is who tries something, and with what.
type somebody struct {
	person  uint32 // in the world; 0 is a person too
	device  uint8  // of the person: 0 .. devices-1
	known   bool   // logged in
	became  bool   // in the course of this session
	install bool   // the device has an installation id
	region  uint8
	plan    uint8
	browser uint8
	release uint8
	session uint32 // number of the session; 0 none
	secret  [2]uint64
}

// being fills in what follows from the person's and device's number.
func (t *tables) being(person uint32, device uint8) somebody {
	p := mix(uint64(person) + 1)
	d := mix(p ^ uint64(device)*0x51ed27)
	s := somebody{person: person, device: device, region: choose(p, t.regions), plan: choose(p>>20, t.plans)}
	n := d % 100
	for i := range t.browsers {
		if n < t.browsers[i].share {
			s.browser = uint8(i) //nolint:gosec // a handful
			break
		}
		n -= t.browsers[i].share
	}
	s.install = t.browsers[s.browser].mobile && d>>32%10 < 6
	if d>>40%5 == 0 {
		s.release = releaseOld
	}
	return s
}

// The numbers under which customers are counted: by the strongest identity that
// telemetry tells. Sessions and installations of people who log in lead to the person.
const (
	whoInstall = 1 << 30
	whoSession = 1 << 31
)

// who is the number under which the try counts, before links.
func (s *somebody) who() uint32 {
	switch {
	case s.known:
		return s.person
	case s.install:
		return s.installation()
	case s.session != 0:
		return whoSession | s.session
	}
	return s.person
}

func (s *somebody) installation() uint32 {
	return whoInstall | (s.person*devices + uint32(s.device))
}

// userID, installation ids and companies as they stand in telemetry.
func (s *somebody) appendUser(b []byte) []byte {
	return appendNumber(append(b, "customer-"...), s.person)
}

func (s *somebody) appendInstall(b []byte) []byte {
	return appendNumber(append(b, "device-"...), s.person*devices+uint32(s.device))
}

func (s *somebody) appendSession(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, s.secret[0])
	return binary.BigEndian.AppendUint64(b, s.secret[1])
}

// perCompany is how many people a company has.
const perCompany = 7

func (s *somebody) appendCompany(b []byte) []byte {
	return appendNumber(append(b, "company-"...), s.person/perCompany)
}

// appendNumber writes a number with at least seven digits.
func appendNumber(b []byte, n uint32) []byte {
	var digits [10]byte
	i := len(digits)
	for n > 0 || len(digits)-i < 7 {
		i--
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, digits[i:]...)
}

// segments packs region, plan, browser and release into a byte.
func (s *somebody) segments() uint8 {
	n := uint8(len(plans()))
	return ((s.region*n+s.plan)*6+s.browser)*releaseKinds + s.release
}

// customerName names who a number stands for.
func customerName(who uint32) string {
	switch {
	case who&whoSession != 0:
		return fmt.Sprintf("session-%07d", who&^uint32(whoSession))
	case who&whoInstall != 0:
		return fmt.Sprintf("device-%07d", who&^uint32(whoInstall))
	}
	return fmt.Sprintf("customer-%07d", who)
}
