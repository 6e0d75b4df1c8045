package felt_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/felt-cx/felt"

// coreForbidden are the standard packages that would make core impure.
var coreForbidden = []string{
	"os", "os/exec", "os/signal", "net", "net/http", "database/sql", "sync", "sync/atomic",
	"log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "time/tzdata", "syscall", "runtime",
}

// suites may be imported by the tests of shell packages; nothing else of shell may.
var suites = []string{"shell/logtest", "shell/outboxtest", "shell/storetest", "shell/mem"}

// source is what one package imports, and where.
type source struct {
	imports     map[string]string // import -> first file
	testImports map[string]string
	goStmts     []string
	files       int
}

func TestHouse(t *testing.T) {
	rules := readHouse(t)
	code := readCode(t)
	modules := readModules(t)

	for name, src := range code {
		allowed, listed := rules[name]
		if !listed {
			t.Errorf("package %s is not in house.txt: add a line that says what it may import", name)
			continue
		}
		used := map[string]bool{}
		for imp, file := range src.imports {
			word, std := wordFor(imp, modules)
			if std {
				if inCore(name) && slices.Contains(coreForbidden, imp) {
					t.Errorf("%s imports %q: core is pure, its callers do this", file, imp)
				}
				continue
			}
			used[word] = true
			if !slices.Contains(allowed, word) {
				t.Errorf("%s imports %s, which house.txt does not allow for %s", file, word, name)
			}
		}
		for _, word := range allowed {
			if !used[word] {
				t.Errorf("house.txt allows %s to import %s, but no code needs it: remove it", name, word)
			}
		}
		if inCore(name) {
			for _, at := range src.goStmts {
				t.Errorf("%s starts a goroutine: core has none", at)
			}
		}
		checkTests(t, name, src, modules)
	}
	for name := range rules {
		if _, ok := code[name]; !ok {
			t.Errorf("house.txt names package %s, which does not exist", name)
		}
	}
}

// TestRings holds house.txt itself to the three rings.
func TestRings(t *testing.T) {
	doors := map[string][]string{}
	for name, allowed := range readHouse(t) {
		for _, word := range allowed {
			switch {
			case name == "felt":
				t.Errorf("the root package imports the standard library only, not %s", word)
			case inCore(name) && (strings.HasPrefix(word, "shell/") || word == "app"):
				t.Errorf("%s is core and must not import %s", name, word)
			case strings.HasPrefix(name, "shell/") && strings.HasPrefix(word, "shell/"):
				t.Errorf("%s and %s are both shell: only app brings them together", name, word)
			case strings.Contains(word, "."):
				doors[word] = append(doors[word], name)
			}
		}
	}
	for mod, names := range doors {
		names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, "internal/") })
		if len(names) > 1 {
			sort.Strings(names)
			t.Errorf("%s has %d doors (%s): one is enough", mod, len(names), strings.Join(names, ", "))
		}
	}
}

func inCore(name string) bool { return strings.HasPrefix(name, "core/") }

// checkTests: the tests of a shell package may use the suites and the reference, and
// no other shell package.
func checkTests(t *testing.T, name string, src *source, modules []string) {
	t.Helper()
	if !strings.HasPrefix(name, "shell/") && !inCore(name) {
		return
	}
	for imp, file := range src.testImports {
		word, std := wordFor(imp, modules)
		if std || !strings.HasPrefix(word, "shell/") || word == name {
			continue
		}
		if inCore(name) || !slices.Contains(suites, word) {
			t.Errorf("%s imports %s: tests here may use %v only", file, word, suites)
		}
	}
}

// wordFor turns an import path into the word of house.txt.
func wordFor(imp string, modules []string) (word string, std bool) {
	if imp == module {
		return "felt", false
	}
	if rest, ok := strings.CutPrefix(imp, module+"/"); ok {
		return rest, false
	}
	if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
		return imp, true
	}
	best := imp
	for _, m := range modules {
		if imp == m || strings.HasPrefix(imp, m+"/") {
			best = m
		}
	}
	return best, false
}

func readHouse(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("house.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules := map[string][]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("house.txt:%d: want PACKAGE: IMPORTS", n)
		}
		if _, twice := rules[name]; twice {
			t.Fatalf("house.txt:%d: %s is listed twice", n, name)
		}
		rules[name] = strings.Fields(rest)
	}
	return rules
}

// readModules lists the module paths of go.mod, shorter first, so that the longest match wins.
func readModules(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	var mods []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "require ")
		if f := strings.Fields(line); len(f) >= 2 && strings.HasPrefix(f[1], "v") {
			mods = append(mods, f[0])
		}
	}
	sort.Slice(mods, func(i, j int) bool { return len(mods[i]) < len(mods[j]) })
	return mods
}

func readCode(t *testing.T) map[string]*source {
	t.Helper()
	code := map[string]*source{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(p, d)
		}
		if strings.HasSuffix(p, ".go") {
			return readFile(p, code)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range code {
		if src.files == 0 { // tests only
			delete(code, name)
		}
	}
	return code
}

// skipDir leaves out what is not the product: hidden folders, fixtures, and modules of their own.
func skipDir(p string, d fs.DirEntry) error {
	n := d.Name()
	if p != "." && (strings.HasPrefix(n, ".") || n == "node_modules" || n == "testdata" || n == "bin") {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil && p != "." {
		return filepath.SkipDir
	}
	return nil
}

func readFile(p string, code map[string]*source) error {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, p, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	name := path.Dir(filepath.ToSlash(p))
	if name == "." {
		name = "felt"
	}
	src := code[name]
	if src == nil {
		src = &source{imports: map[string]string{}, testImports: map[string]string{}}
		code[name] = src
	}
	into := src.imports
	if strings.HasSuffix(p, "_test.go") {
		into = src.testImports
	} else {
		src.files++
		ast.Inspect(file, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				src.goStmts = append(src.goStmts, fset.Position(g.Pos()).String())
			}
			return true
		})
	}
	for _, spec := range file.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if _, ok := into[imp]; !ok {
			into[imp] = p
		}
	}
	return nil
}
