package measure

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/codec"
)

// TestLinks: a link is written when it becomes known and when it changes, the newest stands.
func TestLinks(t *testing.T) {
	s := felt.DefaultSettings()
	s.Partitions, s.KnownLinks = 1, 4
	for name, c := range map[string]struct {
		rows []string // second, level:customer, session, installation
		want []string
	}{
		"user of a session":     {[]string{"1 user:u s -", "2 user:u s -"}, []string{"session s -> user:u since 1"}},
		"pseudonym":             {[]string{"1 pseudonym:p s -"}, []string{"session s -> pseudonym:p since 1"}},
		"installation":          {[]string{"1 user:u s i"}, []string{"session s -> user:u since 1", "installation i -> user:u since 1"}},
		"nobody known":          {[]string{"1 session:s s -", "2 installation:i s i"}, nil},
		"no weaker identity":    {[]string{"1 user:u - -"}, nil},
		"another user":          {[]string{"1 user:u s -", "5 user:v s -"}, []string{"session s -> user:u since 1", "session s -> user:v since 5"}},
		"what is older is late": {[]string{"5 user:u s -", "1 user:v s -"}, []string{"session s -> user:u since 5"}},
		"older than what is known, not only than what was written": {
			[]string{"1 user:u s -", "9 user:u s -", "5 user:v s -"},
			[]string{"session s -> user:u since 1"},
		},
		"a weaker identity never takes the place of a stronger one": {
			[]string{"1 user:u s i", "2 pseudonym:p s i"},
			[]string{"session s -> user:u since 1", "installation i -> user:u since 1", "pseudonym p -> user:u since 2"},
		},
		"logs in": {
			[]string{"1 pseudonym:p s -", "2 user:u s -", "3 user:u s -", "4 pseudonym:p s -"},
			[]string{"session s -> pseudonym:p since 1", "pseudonym p -> user:u since 2", "session s -> user:u since 2"},
		},
		"now a user, now a pseudonym: written once": {
			[]string{"1 user:u s i", "2 pseudonym:p s i", "3 user:u s i", "4 pseudonym:p s i", "5 user:u s i", "6 pseudonym:p s i"},
			[]string{"session s -> user:u since 1", "installation i -> user:u since 1", "pseudonym p -> user:u since 2"},
		},
		"again after an hour": {
			[]string{"1 user:u s -", "3600 user:u s -", "3601 user:u s -"},
			[]string{"session s -> user:u since 1", "session s -> user:u since 3601"},
		},
		"an installation, once for each session": {
			[]string{"1 user:u s i", "2 user:v t i", "3 user:u s i", "4 user:u x i"},
			[]string{
				"session s -> user:u since 1", "installation i -> user:u since 1", "session t -> user:v since 2",
				"installation i -> user:v since 2", "session x -> user:u since 4", "installation i -> user:u since 4",
			},
		},
		"no room: the oldest is written again": {
			[]string{"1 user:u a -", "2 user:u b -", "3 user:u c -", "4 user:u d -", "5 user:u e -", "6 user:u b -", "7 user:u a -"},
			[]string{
				"session a -> user:u since 1", "session b -> user:u since 2", "session c -> user:u since 3",
				"session d -> user:u since 4", "session e -> user:u since 5", "session a -> user:u since 7",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			l := newLinks(s)
			for _, row := range c.rows {
				for _, k := range l.learn(nil, linkRow(t, row)) {
					got = append(got, fmt.Sprintf("%s %s -> %s:%s since %g", k.FromLevel, unhash(k.From), k.ToLevel, unhash(k.To), seconds(k.Since)))
				}
				var e, again codec.Encoder
				l.save(&e)
				d := codec.NewDecoder(e.B)
				l = newLinks(s)
				l.load(d)
				l.save(&again)
				if d.Err() != nil || d.Rest() > 0 || !slices.Equal(e.B, again.B) {
					t.Fatalf("saved and loaded is not the same: %v", d.Err())
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func linkRow(t *testing.T, row string) *felt.Interaction {
	t.Helper()
	words := strings.Fields(row)
	r := &felt.Interaction{Env: "production", Start: start.Instant() + felt.Instant(number(t, words[0])*1e9)}
	level, who, _ := strings.Cut(words[1], ":")
	for l := felt.LevelUser; l <= felt.LevelSession; l++ {
		if l.String() == level {
			r.IdentityLevel, r.Customer = l, hash(who)
		}
	}
	r.Session, r.Installation = hash(strings.Trim(words[2], "-")), hash(strings.Trim(words[3], "-"))
	return r
}
