package service

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"
)

// User is a customer with an account, as the page sees them.
type User struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Email   string `json:"email"`
	Plan    string `json:"plan"`
	Company string `json:"company,omitempty"`
	Region  string `json:"region"`
}

// account is a user and how they get in. The password of an example is a plain word.
type account struct {
	User
	password  string
	confirmed bool
}

// DemoPassword opens every account of DemoUsers.
const DemoPassword = "tea"

// DemoUsers have accounts already: one browser can be several customers.
func DemoUsers() []User {
	return []User{
		{"u-1", "Ann", "ann@customers.example", "pro", "", "eu-west"},
		{"u-2", "Bob", "bob@customers.example", "free", "", "eu-west"},
		{"u-3", "Chika", "chika@customers.example", "free", "", "us-east"},
		{"u-4", "Dana", "dana@customers.example", "business", "Dana's Cafe", "us-east"},
		{"u-5", "Emre", "emre@customers.example", "business", "Dana's Cafe", "eu-west"},
		{"u-6", "Farah", "farah@customers.example", "pro", "", "ap-south"},
		{"u-7", "Goro", "goro@customers.example", "free", "", "ap-south"},
		{"u-8", "Hana", "hana@customers.example", "free", "", "eu-west"},
	}
}

// accounts are those who may log in, by e-mail address.
type accounts struct {
	all    *kept[account]
	tokens *kept[string] // of confirmation, to the address
}

func newAccounts() *accounts {
	a := &accounts{keep[account](10_000), keep[string](10_000)}
	for _, u := range DemoUsers() {
		a.all.update(u.Email, func(account, bool) account { return account{u, DemoPassword, true} })
	}
	return a
}

func address(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// login says who it is; false: no such account, or not that password.
func (a *accounts) login(email, password string) (User, bool) {
	acc, ok := a.all.get(address(email))
	good := subtle.ConstantTimeCompare([]byte(acc.password), []byte(password)) == 1
	return acc.User, ok && good && acc.confirmed
}

// signUp makes an account that is not confirmed, and the token that would be mailed.
func (a *accounts) signUp(name, email, password, plan, region string) (user, token, problem string) {
	email = address(email)
	switch {
	case !strings.Contains(email, "@"):
		return "", "", "bad_email"
	case len(password) < 3:
		return "", "", "short_password"
	}
	taken := false
	made := a.all.update(email, func(was account, there bool) account {
		if taken = there && was.confirmed; taken {
			return was
		}
		return account{User{id("u"), name, email, plan, "", region}, password, false}
	})
	if taken {
		return "", "", "email_taken"
	}
	token = id("confirm")
	a.tokens.update(token, func(string, bool) string { return email })
	return made.ID, token, ""
}

// confirm opens the account that a token is for.
func (a *accounts) confirm(token string) (User, bool) {
	email, ok := a.tokens.get(token)
	if !ok {
		return User{}, false
	}
	acc := a.all.update(email, func(acc account, _ bool) account { acc.confirmed = true; return acc })
	return acc.User, true
}

// visit is a browser's: its cart, and who has logged in.
type visit struct {
	cart   string
	region string
	user   User
}

const cookieName = "shop"

// visit finds a browser's by its cookie, or begins one.
func (g *gateway) visit(w http.ResponseWriter, r *http.Request) (string, visit) {
	if c, err := r.Cookie(cookieName); err == nil {
		if v, ok := g.visits.get(c.Value); ok {
			return c.Value, v
		}
	}
	v := visit{cart: id("cart"), region: "eu-west"}
	name := g.begin(v)
	setVisit(w, name)
	return name, v
}

// enter makes a browser somebody's. It gets a new cookie: whoever knew the old one must not be let in as well.
func (g *gateway) enter(w http.ResponseWriter, name string, u User) {
	cart := ""
	g.visits.update(name, func(v visit, _ bool) visit {
		cart = v.cart
		return visit{cart: id("cart"), region: v.region}
	})
	setVisit(w, g.begin(visit{cart, u.Region, u}))
}

// begin keeps a visit, under a name that nobody guesses.
func (g *gateway) begin(v visit) string {
	name := id("visit")
	g.visits.update(name, func(visit, bool) visit { return v })
	return name
}

func setVisit(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: name, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int((24 * time.Hour).Seconds())})
}
