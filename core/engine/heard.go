package engine

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/detect"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/signal"
)

// service is one service of an environment.
type service struct{ env, name string }

// voice is one that is heard.
type voice = detect.Voice

// earsMax bounds the services whose names are kept at hand.
const earsMax = 20_000

// ears note which services sent anything in a tick, whatever it was. They are of one partition.
type ears struct {
	reader *otlp.Reader
	last   [3]otlp.Text // of the event before in this block
	beat   bool
	again  bool
	names  map[string]*heard // by environment and service
	key    []byte
	tick   int64 // number of the tick being gathered
	list   []voice
}

type heard struct {
	voice
	tick int64
}

func (e *ears) begin(r *otlp.Reader) { e.reader, e.again = r, false }

// hear takes the environment, the app by its own word and the service of an event, or, as pulse, of a point;
// nearly always they are those of the one before.
func (e *ears) hear(fields *[otlp.NumFields]otlp.Text, pulse bool) {
	of := [3]otlp.Text{fields[otlp.FieldEnv], fields[otlp.FieldNamespace], fields[otlp.FieldService]}
	if e.again && e.last == of && e.beat == pulse {
		return
	}
	e.last, e.beat, e.again = of, pulse, true
	e.key = e.key[:0]
	for _, text := range of {
		e.key = append(append(e.key, e.reader.Text(text)...), 0)
	}
	if pulse {
		e.key = append(e.key, 1)
	}
	h := e.names[string(e.key)]
	if h == nil {
		if h = e.learn(of, pulse); h == nil {
			return
		}
	}
	if h.tick != e.tick+1 {
		h.tick = e.tick + 1
		e.list = append(e.list, h.voice)
	}
}

func (e *ears) learn(of [3]otlp.Text, pulse bool) *heard {
	v := voice{Env: string(e.reader.Text(of[0])), App: string(e.reader.Text(of[1])), Service: string(e.reader.Text(of[2])), Pulse: pulse}
	if v.Service == "" {
		return nil
	}
	if v.Env == "" {
		v.Env = otlp.DefaultEnv
	}
	if e.names == nil || len(e.names) >= earsMax {
		e.names = map[string]*heard{}
	}
	h := &heard{voice: v}
	e.names[string(e.key)] = h
	return h
}

// hand gives the services heard in the tick, which is closed.
func (e *ears) hand() []voice {
	list := e.list
	e.list, e.tick = nil, e.tick+1
	return list
}

// hear tells the detectors of what is not tries.
func (s *Stage3) hear(t felt.Tick, in []Out2, samples []signal.Sample) {
	for _, o := range in {
		for _, of := range o.heard {
			s.detector.Heard(t, of)
		}
	}
	for i := range samples {
		s.detector.Sample(&samples[i])
	}
}
