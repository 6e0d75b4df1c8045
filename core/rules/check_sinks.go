package rules

// once reports a part of which all files together have one.
func (p *parsed) once(before, again any, what string) {
	if at, twice := p.at[before]; twice {
		p.err("given-twice", again, "say it in one file", "%s is there twice; first in %s:%d", what, at.file, at.value.Line)
	}
}
