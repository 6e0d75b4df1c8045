package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/felt-cx/felt"
)

// ambiguousProblem is a 409 that names what could have been meant.
type ambiguousProblem struct {
	huma.ErrorModel
	Candidates []string `json:"candidates"`
}

// ambiguous: a name that several apps have.
func ambiguous(of string, found []felt.Scope) error {
	p := &ambiguousProblem{ErrorModel: huma.ErrorModel{
		Title: http.StatusText(http.StatusConflict), Status: http.StatusConflict,
		Detail: fmt.Sprintf("of=%q is the name of %d things: ask for one of the candidates", of, len(found)),
	}}
	for _, s := range found {
		c := s.App + "/" + s.Name
		if s.Kind == felt.KindJourney || strings.HasPrefix(of, "step:") {
			c = s.Kind.String() + ":" + c
		}
		p.Candidates = append(p.Candidates, c)
	}
	return p
}
