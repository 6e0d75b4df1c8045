package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// checkQuery says what is wrong with a query string, or "". A question with a slip of
// the pen (form= for from=) must not be answered as if it had not been asked. known
// are the parameters; those that are true may repeat.
func checkQuery(raw string, known map[string]bool) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "the query cannot be read (a % is sent as %25, a + as %2B, a ; as %3B): " + err.Error()
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		repeats, ok := known[name]
		if !ok {
			return unknownParameter(name, known)
		}
		if len(values[name]) > 1 && !repeats {
			return fmt.Sprintf("%s is given %d times: once is enough", name, len(values[name]))
		}
		for _, v := range values[name] {
			switch {
			case !utf8.ValidString(v) || strings.ContainsFunc(v, unicode.IsControl):
				return fmt.Sprintf("%s=%q: want printable UTF-8", name, v)
			case v == "" && repeats:
				return fmt.Sprintf("%s is empty: say what, or leave it out", name)
			}
		}
	}
	return ""
}

func unknownParameter(name string, known map[string]bool) string {
	all := make([]string, 0, len(known))
	for k := range known {
		all = append(all, k)
	}
	if len(all) == 0 {
		return fmt.Sprintf("there is no parameter %.64q: this takes none", name)
	}
	slices.Sort(all)
	hint := ""
	if near := nearest(name, all); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Sprintf("there is no parameter %.64q%s (there are: %s)", name, hint, strings.Join(all, ", "))
}

// nearest is the word that takes the fewest changes to reach, if they are few.
func nearest(name string, words []string) string {
	name = strings.ToLower(name)
	best, least := "", 3
	if len(name) > 64 {
		return best
	}
	for _, w := range words {
		d := distance(name, w)
		if strings.HasPrefix(w, name) || strings.HasPrefix(name, w) {
			d = min(d, 2)
		}
		if d < least {
			best, least = w, d
		}
	}
	return best
}

// distance is how many letters must be changed, added, removed or swapped with their
// neighbour to make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// strict refuses queries that an operation does not know, before huma reads them: huma
// itself takes what it cannot read as not given.
func strict(api huma.API) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		known := map[string]bool{}
		for _, p := range ctx.Operation().Parameters {
			if p.In == "query" {
				known[p.Name] = p.Explode != nil && *p.Explode
			}
		}
		u := ctx.URL()
		if wrong := checkQuery(u.RawQuery, known); wrong != "" {
			// What cannot be written was not read: there is nobody to tell.
			_ = huma.WriteErr(api, ctx, http.StatusBadRequest, wrong)
			return
		}
		next(ctx)
	}
}

// inWords puts what huma found wrong into the sentence that people read. huma repeats the
// values that it found wrong; where they may be somebody's id they are left out.
func inWords(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if op := ctx.Operation(); ok && op != nil && (strings.HasPrefix(op.Path, "/api/v1/customers/") || op.Path == pathExplain) {
		for _, e := range p.Errors {
			e.Value = nil
		}
	}
	if ok {
		shorten(p)
	}
	if !ok || p.Detail != "validation failed" || len(p.Errors) == 0 {
		return v, nil
	}
	said := make([]string, 0, len(p.Errors))
	for _, e := range p.Errors {
		where := strings.TrimPrefix(e.Location, "query.")
		if where != "" {
			where += ": "
		}
		said = append(said, where+e.Message)
	}
	p.Detail = strings.Join(said, "; ")
	return p, nil
}
