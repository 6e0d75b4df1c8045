package evidence_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/felt-cx/felt"
	"github.com/felt-cx/felt/core/evidence"
)

// petTable is a file of PetShop: values by microservice, metric and statistic.
type petTable struct {
	columns map[[3]string]int
	nodes   []string
	rows    [][]string
}

func readPet(t *testing.T, path string) petTable {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	in := io.Reader(bufio.NewReader(f))
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	p := petTable{columns: map[[3]string]int{}}
	seen := map[string]bool{}
	for i, name := range all[0][1:] {
		p.columns[[3]string{name, all[1][i+1], all[2][i+1]}] = i + 1
		if !seen[name] {
			seen[name] = true
			p.nodes = append(p.nodes, name)
		}
	}
	for _, row := range all[3:] {
		if _, err := strconv.ParseFloat(row[0], 64); err == nil {
			p.rows = append(p.rows, row)
		}
	}
	return p
}

func (p petTable) value(row []string, node, metric, stat string) (float64, bool) {
	c, ok := p.columns[[3]string{node, metric, stat}]
	if !ok || row[c] == "" {
		return 0, false
	}
	v, err := strconv.ParseFloat(row[c], 64)
	return v, err == nil && v == v
}

// points makes operations of the rows, one a node, five minutes each.
func (p petTable) points(rows [][]string, at felt.Instant, metric, stat string) []felt.OperationPoint {
	var list []felt.OperationPoint
	for i, row := range rows {
		for _, node := range p.nodes {
			v, ok := p.value(row, node, metric, stat)
			if !ok {
				continue
			}
			n, ok := p.value(row, node, "requests", "Sum")
			if !ok || n < 1 {
				n = 1
			}
			o := felt.OperationPoint{Service: node, Operation: "run", Start: at + felt.Instant(i)*5*felt.Minute, Count: int64(n)}
			if metric == "latency" {
				o.P50, o.P95 = v*1e9, v*1e9
			} else {
				o.Errors = int64(n*(100-v)/100 + .5)
			}
			list = append(list, o)
		}
	}
	return list
}

// TestPetShop scores the walk to the service on the pack that FELT_PACKS has.
func TestPetShop(t *testing.T) {
	root := os.Getenv("FELT_PACKS")
	if root == "" {
		t.Skip("FELT_PACKS names no folder with packs")
	}
	root = filepath.Join(root, "petshop", "dev")
	top1, top3, n, silent, windows := 0, 0, 0, 0, 0
	for _, c := range readCSV(t, filepath.Join(root, "truth.csv")) {
		dir := filepath.Join(root, c["scenario"])
		normal := filepath.Join(dir, "noissue_metrics.csv.gz")
		if _, err := os.Stat(normal); err != nil {
			normal = filepath.Join(root, "low_traffic", "noissue_metrics.csv.gz")
		}
		past := readPet(t, normal)
		issue := readPet(t, filepath.Join(dir, c["case"]+".csv"))
		graph := readCSV(t, filepath.Join(dir, "graph.csv"))
		metric, stat := c["target_metric"], c["agg"]
		names := petJudge(t, graph, c["target_node"], past.points(past.rows, 0, metric, stat), issue.points(issue.rows[2:], began, metric, stat))
		n++
		for i, name := range names {
			if name == c["root_cause_node"] && i < 3 {
				top3++
				if i == 0 {
					top1++
				}
			}
		}
		if i := 100 + n*7; i+5 < len(past.rows) { // five rows of normal operation: nothing to be said
			windows++
			if len(petJudge(t, graph, c["target_node"], past.points(past.rows, 0, metric, stat), past.points(past.rows[i:i+3], began, metric, stat))) == 0 {
				silent++
			}
		}
	}
	t.Logf("top-1 %.3f, top-3 %.3f of %d; silent in %d of %d normal windows", float64(top1)/float64(n), float64(top3)/float64(n), n, silent, windows)
}

func petJudge(t *testing.T, graph []map[string]string, target string, before, now []felt.OperationPoint) []string {
	t.Helper()
	in := evidence.Input{
		Incident: felt.Incident{ID: "i", Kind: "failed", FirstBad: began}, At: began + felt.Hour,
		Calls: felt.Window{From: began, To: began + 15*felt.Minute}, CallsBefore: felt.Window{From: 0, To: 590 * 5 * felt.Minute},
		Step: 5 * felt.Minute, StepBefore: 5 * felt.Minute,
		Leaves: []felt.Leaf{{Service: target, Counts: felt.Counts{Success: 1}}}, OperationsBefore: before, Operations: now,
	}
	for _, row := range graph {
		for callee, v := range row {
			if caller := row[""]; callee != "" && v != "" && v != "0" && v != "0.0" {
				in.Edges = append(in.Edges, felt.EdgePoint{Caller: caller, Callee: callee, Start: began, Count: 1})
			}
		}
	}
	v := evidence.Judge(in)
	var names []string
	for _, s := range v.Suspects {
		if s.Kind == "service" {
			names = append(names, s.What)
		}
	}
	if len(names) == 0 {
		return nil
	}
	for _, node := range v.Nodes {
		if node.What != "calls" && !contains(names, node.Service) {
			names = append(names, node.Service)
		}
	}
	return names
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
