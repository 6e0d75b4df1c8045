package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/felt-cx/felt/core/yaml"
)

// newParser builds the command line parser. A setting's value comes from its flag,
// else from the environment (FELT_NAME), else from felt.yaml in the directory given by
// --config, else it is the default.
func newParser(c *cli, args, env []string, stdout, stderr io.Writer, exit func(int)) (*kong.Kong, error) {
	opts := []kong.Option{
		kong.Name("felt"),
		kong.Description("Customer-centric observability: OpenTelemetry in, \"412 customers felt this\" out.\n\n" +
			"Every flag is also an environment variable (--log-level is FELT_LOG_LEVEL) and a key of felt.yaml " +
			"in the directory given by --config (log-level: debug). The flag wins over the environment, " +
			"the environment over the file."),
		kong.Writers(stdout, stderr),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.Vars{"version": version},
	}
	known, err := kong.New(&cli{}, opts...)
	if err != nil {
		return nil, fmt.Errorf("command line: %w", err)
	}
	file, err := readFile(configDir(args, env), flagNames(known.Model.Node))
	if err != nil {
		return nil, err
	}
	p, err := kong.New(c, append(opts, kong.Resolvers(layers{env: envMap(env), file: file}))...)
	if err != nil {
		return nil, fmt.Errorf("command line: %w", err)
	}
	return p, nil
}

// layers resolves a flag from the environment, else from felt.yaml.
type layers struct{ env, file map[string]string }

// Validate implements [kong.Resolver]; readFile has already checked the keys.
func (layers) Validate(*kong.Application) error { return nil }

// Resolve implements [kong.Resolver].
func (l layers) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if v, ok := l.env[envName(flag.Name)]; ok {
		return v, nil
	}
	if v, ok := l.file[flag.Name]; ok {
		return v, nil
	}
	return nil, nil //nolint:nilnil // kong's way of saying "not here"
}

func envName(flag string) string {
	return "FELT_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func envMap(env []string) map[string]string {
	m := make(map[string]string, len(env))
	for _, kv := range env {
		if k, v, ok := strings.Cut(kv, "="); ok && strings.HasPrefix(k, "FELT_") {
			m[k] = v
		}
	}
	return m
}

// configDir finds --config before the real parsing, since felt.yaml takes part in it.
func configDir(args, env []string) string {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
	}
	if v := envMap(env)["FELT_CONFIG"]; v != "" {
		return v
	}
	return defaultConfigDir
}

// defaultConfigDir is where settings and inventory are looked for unless --config says
// otherwise; it need not exist.
const defaultConfigDir = "felt-config"

// notInFile are flags that make no sense in felt.yaml.
var notInFile = []string{"help", "version", "config"} //nolint:gochecknoglobals // a table

func flagNames(n *kong.Node) []string {
	var names []string
	for _, f := range n.Flags {
		if !slices.Contains(notInFile, f.Name) {
			names = append(names, f.Name)
		}
	}
	for _, c := range n.Children {
		names = append(names, flagNames(c)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// readFile reads DIR/felt.yaml strictly: every problem at once, with its place and a
// suggestion. A missing file is an empty one.
func readFile(dir string, known []string) (map[string]string, error) {
	name := filepath.Join(dir, "felt.yaml")
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return parseSettings(name, b, known)
}

func parseSettings(name string, b []byte, known []string) (map[string]string, error) {
	root, errs := yaml.Parse(string(b))
	values := map[string]string{}
	var problems []error
	add := func(at yaml.Pos, format string, a ...any) {
		problems = append(problems, fmt.Errorf("%s:%d:%d: %s", name, at.Line, at.Column, fmt.Sprintf(format, a...)))
	}
	for _, e := range errs {
		add(e.Pos, "%s", e.Message)
	}
	if root == nil {
		return values, errors.Join(problems...)
	}
	if root.Kind != yaml.Map {
		add(root.Pos, "want a list of KEY: VALUE, one setting a line")
	}
	for _, e := range root.Entries {
		v, ok := scalar(e.Value)
		switch {
		case !slices.Contains(known, e.Key):
			add(e.Pos, "setting %q is not known%s", e.Key, suggest(e.Key, known))
		case !ok:
			add(e.Value.Pos, "%s: want one value, or a list of values", e.Key)
		default:
			values[e.Key] = v
		}
	}
	return values, errors.Join(problems...)
}

// scalar is the text of a value; the items of a list are joined by commas, as on the
// command line.
func scalar(n *yaml.Node) (string, bool) {
	if n.Kind != yaml.List {
		return n.Text, n.Scalar()
	}
	parts := make([]string, 0, len(n.Items))
	for _, v := range n.Items {
		s, ok := scalar(v)
		if !ok {
			return "", false
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ","), true
}

// suggest names the known word that is nearest to s, when one is near enough.
func suggest(s string, known []string) string {
	best, at := "", len(s)/2+1
	for _, k := range known {
		if d := distance(s, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return "; felt serve --help lists them"
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := prev
			if a[i] != b[j] {
				cost++
			}
			prev = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
