package agent

// cached is how many texts a [Cache] remembers, twice: those met lately, and those before.
const cached = 2048

// Cache remembers what texts say. Its zero value is ready; it is for one goroutine. However many
// texts are sent, it holds a few thousand of them.
type Cache struct {
	recent, old map[string]*said
	last        *said // most often it is the next one too
}

// said is what a text says.
type said struct {
	text string
	Agent
}

// Parse is [Parse] of a text whose bytes the caller may change afterwards.
func (c *Cache) Parse(text []byte) Agent {
	text = text[:min(len(text), MaxLength)]
	if len(text) == 0 {
		return Agent{}
	}
	if c.last != nil && string(text) == c.last.text {
		return c.last.Agent
	}
	a := c.recent[string(text)]
	if a == nil {
		if a = c.old[string(text)]; a == nil {
			a = &said{text: string(text)}
			a.Agent = Parse(a.text)
		}
		if len(c.recent) >= cached {
			c.old, c.recent = c.recent, nil
		}
		if c.recent == nil {
			c.recent = make(map[string]*said, 64)
		}
		c.recent[a.text] = a
	}
	c.last = a
	return a.Agent
}

// Len is the number of texts remembered.
func (c *Cache) Len() int { return len(c.recent) + len(c.old) }
