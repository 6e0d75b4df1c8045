package felt

// Business is what came from outside of telemetry in one request or file, on the log as
// [KindBusiness]. Identities are hashed at the door as those of telemetry, so that
// both join.
type Business struct {
	Actor   string          `json:"actor,omitempty"`
	Via     string          `json:"via,omitempty"` // cloudevents, csv
	Changes []Change        `json:"changes,omitempty"`
	Events  []BusinessEvent `json:"events,omitempty"`
	Facts   []Fact          `json:"facts,omitempty"`
}
