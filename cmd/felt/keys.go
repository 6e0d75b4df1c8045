package main

import (
	"fmt"
	"slices"

	"github.com/felt-cx/felt/shell/keys"
)

// keysCmd is about the keys with which pages send.
type keysCmd struct {
	New keysNewCmd `cmd:"" help:"Make a key: its lines for the file of --ingest-keys go to standard output, the key itself to standard error."`
}

type keysNewCmd struct {
	Name         string   `arg:"" help:"Whose it is, for metrics and messages. A second key of a name is for changing over to it."`
	Origins      []string `help:"Origins of the pages it is for, such as https://shop.example or https://*.shop.example; none given: any." placeholder:"ORIGIN"`
	Apps         []string `help:"Apps (service.namespace) that it may speak for; none given: any." placeholder:"APP"`
	Environments []string `help:"Environments that it may speak for; none given: any." placeholder:"ENV"`
	Expires      string   `help:"Its last day (2027-01-31), or a moment." placeholder:"DAY"`
}

// Run makes a key. The file holds its hash only.
func (c *keysNewCmd) Run(std streams) error {
	for _, l := range []struct {
		flag string
		list []string
	}{{"origins", c.Origins}, {"apps", c.Apps}, {"environments", c.Environments}} {
		// A variable that is not set must not make a key for all.
		if l.list != nil && len(l.list) == 0 || slices.Contains(l.list, "") {
			return usageError{fmt.Errorf("keys new: --%s is given and names none: leave it out to allow any", l.flag)}
		}
	}
	key, entry, err := keys.New(c.Name, c.Origins, c.Apps, c.Environments, c.Expires)
	if err != nil {
		return usageError{fmt.Errorf("keys new: %w", err)}
	}
	fmt.Fprintf(std.err, "%s\n", key)
	fmt.Fprint(std.out, entry)
	return nil
}
