package engine

import (
	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/otlp"
	"github.com/felt-cx/felt/core/signal"
)

// service is one service of an environment.
type service struct{ env, name string }

// earsMax bounds the services whose names are kept at hand.
const earsMax = 20_000

// ears note which services sent anything in a tick, whatever it was. They are of one partition.
type ears struct {
	reader *otlp.Reader
	last   [2]otlp.Text // of the event before in this block
	again  bool
	names  map[string]*heard // by environment and service
	key    []byte
	tick   int64 // number of the tick being gathered
	list   []service
}

type heard struct {
	service
	tick int64
}

func (e *ears) begin(r *otlp.Reader) { e.reader, e.again = r, false }

// hear takes the environment and the service of an event; nearly always they are those of the
// one before.
func (e *ears) hear(env, name otlp.Text) {
	if e.again && e.last == [2]otlp.Text{env, name} {
		return
	}
	e.last, e.again = [2]otlp.Text{env, name}, true
	e.key = append(e.key[:0], e.reader.Text(env)...)
	e.key = append(append(e.key, 0), e.reader.Text(name)...)
	h := e.names[string(e.key)]
	if h == nil {
		if h = e.learn(env, name); h == nil {
			return
		}
	}
	if h.tick != e.tick+1 {
		h.tick = e.tick + 1
		e.list = append(e.list, h.service)
	}
}

func (e *ears) learn(env, name otlp.Text) *heard {
	s := service{string(e.reader.Text(env)), string(e.reader.Text(name))}
	if s.name == "" {
		return nil
	}
	if s.env == "" {
		s.env = otlp.DefaultEnv
	}
	if e.names == nil || len(e.names) >= earsMax {
		e.names = map[string]*heard{}
	}
	h := &heard{service: s}
	e.names[string(e.key)] = h
	return h
}

// hand gives the services heard in the tick, which is closed.
func (e *ears) hand() []service {
	list := e.list
	e.list, e.tick = nil, e.tick+1
	return list
}

// hear tells the detectors of what is not tries.
func (s *Stage3) hear(t felt.Tick, in []Out2, samples []signal.Sample) {
	for _, o := range in {
		for _, of := range o.heard {
			s.detector.Heard(t, of.env, of.name)
		}
	}
	for i := range samples {
		s.detector.Sample(&samples[i])
	}
}
