package demo

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/shell/simulate"
)

//go:embed inventory.yaml
var inventoryText string

// reviewed is the day in the text on which the journeys were last confirmed.
const reviewed = "2026-11-02"

// Inventory describes the shop's journeys, for a server that has no inventory of its own. Nobody
// has to review a shop that does not exist: it says that it was done at the beginning of the
// month. Its thresholds change no outcome that the simulator decided: what is true stays true.
func Inventory(today time.Time) felt.Inventory {
	month := today.AddDate(0, 0, 1-today.Day()).Format(time.DateOnly)
	return felt.Inventory{Actor: "demo", Files: []felt.InventoryFile{
		{Name: "demo-shop.yaml", Text: strings.ReplaceAll(inventoryText, reviewed, month)},
	}}
}

// Scenario is one thing that can go wrong in the shop.
type Scenario struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Text  string `json:"text"` // what happens, and what Felt should make of it
	fault simulate.Fault
}

const (
	shop    = "shop"
	minute  = felt.Minute
	euWest  = "eu-west"
	payStep = "pay"
)

// Scenarios are those that people can choose; the first strikes by itself.
func Scenarios() []Scenario {
	return []Scenario{
		{
			Name: "payments-time-out", Title: "Payments time out in eu-west",
			Text:  "Nine of ten payments of customers in eu-west end in a time-out. Everybody else pays as always.",
			fault: simulate.Fault{Kind: "region_down", App: shop, Interactions: []string{payStep}, Service: "payment", Segment: map[string]string{"region": euWest}, Strength: .92},
		},
		{
			Name: "bad-release", Title: "A bad release, at 20 %",
			Text:  "A new release of the web app reaches every fifth customer; with it most payments fail. It is rolled back in the end.",
			fault: simulate.Fault{Kind: "bad_release", App: shop, Interactions: []string{payStep}, Service: "web", Version: "5.3.0", Share: .2, Strength: .8, Duration: 4 * minute},
		},
		{
			Name: "browser-error", Title: "The page breaks in Safari",
			Text:  "An error in the page keeps everybody on Safari from filling the cart. The servers notice nothing: they are not asked.",
			fault: simulate.Fault{Kind: "frontend_error", App: shop, Interactions: []string{"cart"}, Segment: map[string]string{"browser": "safari"}, Duration: 4 * minute},
		},
		{
			Name: "silent-outage", Title: "Customers stop coming",
			Text:  "Hardly anybody reaches the shop any more. Nothing fails: there is just nobody.",
			fault: simulate.Fault{Kind: "silent_outage", App: shop, Duration: 4 * minute},
		},
		{
			Name: "saturation", Title: "Connections run out, slowly",
			Text:  "The connections of the checkout's database fill up over six minutes: first it gets slower, then it fails.",
			fault: simulate.Fault{Kind: "creeping_saturation", App: shop, Service: "checkout-api", Duration: 6 * minute},
		},
		{
			Name: "slow-partner", Title: "A slow payment provider",
			Text:  "The payment provider takes its time: most payments go through, but slowly.",
			fault: simulate.Fault{Kind: "slow_third_party", App: shop, Peer: "api.cardworks.example", Duration: 4 * minute},
		},
	}
}

// named is a scenario by its name.
func named(name string) (Scenario, error) {
	list := Scenarios()
	i := slices.IndexFunc(list, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		names := make([]string, len(list))
		for k, s := range list {
			names[k] = s.Name
		}
		return Scenario{}, fmt.Errorf("scenario %q is not known; known are %s", name, strings.Join(names, ", "))
	}
	return list[i], nil
}

// where says whom the scenario strikes, as key=value.
func (s *Scenario) where() string {
	for key, value := range s.fault.Segment {
		return key + "=" + value // none has two
	}
	return ""
}

// what is the interaction that the scenario strikes; "" several.
func (s *Scenario) what() string {
	if len(s.fault.Interactions) == 1 {
		return s.fault.Interactions[0]
	}
	return ""
}

// pastFault is what went wrong in the history, with its cause: a page without a past teaches nothing.
const pastFault = "earlier-release"

// world is the scenario of the simulation: the shop with all that can go wrong in it. Begin is when it
// begins, launch when the shop began to get its customers.
func world(o *Options, begin, launch felt.Instant) simulate.Scenario {
	s := simulate.Scenario{
		Title: "demo", Rate: o.Rate, Shape: "flat", Env: environment,
		Noise: 1.4, // bursts, but none that would have to be explained to a newcomer
		Apps:  []simulate.AppConfig{{Kind: "shop", Customers: o.Customers}},
	}
	for _, c := range Scenarios() {
		f := c.fault
		f.Name, f.Story = c.Name, c.Title
		s.Faults = append(s.Faults, f)
	}
	s.Faults = append(s.Faults, simulate.Fault{
		// Of another journey than those that are struck live: it would be the same incident again.
		Name: pastFault, Kind: "bad_release", App: "identity", Interactions: []string{"login"}, Service: "auth",
		Version: "2026.11.0", Strength: .8, Duration: 4 * minute,
	})
	for _, c := range []struct {
		simulate.ChangeConfig
		before felt.Instant // the launch
	}{
		{simulate.ChangeConfig{Kind: "deploy", App: shop, Service: "checkout-api", Version: "2026.10.2", Previous: "2026.9.5", Author: "release train"}, 20 * felt.Day},
		{simulate.ChangeConfig{Kind: "campaign", App: shop, Version: "autumn newsletter", Author: "marketing"}, 9 * felt.Day},
		{simulate.ChangeConfig{Kind: "deploy", App: shop, Service: "checkout-api", Version: "2026.11.1", Previous: "2026.10.2", Author: "release train"}, 6 * felt.Day},
		{simulate.ChangeConfig{Kind: "flag", App: shop, Service: "web", Version: "new-cart=on", Previous: "new-cart=off", Author: "mona"}, 26 * felt.Hour},
		{simulate.ChangeConfig{Kind: "deploy", App: shop, Service: "web", Version: "5.2.0", Previous: "5.1.4", Author: "release train"}, 3 * felt.Hour},
		{simulate.ChangeConfig{Kind: "launch", App: shop, Version: "open to everybody", Author: "marketing"}, 0},
	} {
		if at := launch - c.before; at > begin {
			c.Start = at - begin
			s.Changes = append(s.Changes, c.ChangeConfig)
		}
	}
	return s
}

// environment is the shop's deployment.environment.name.
const environment = "production"
