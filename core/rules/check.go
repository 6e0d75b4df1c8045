package rules

// check holds what the files say together to what it means.
func (p *parsed) check() {}
