package sdk

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// hop is one exporter of the Collector in front of Felt, with a receiver of its
// own. The SDK reaches it over the protocol that the exporter does not use, so
// that each receiver is met too.
type hop struct {
	name, exporter string // exporter: YAML, FELT is the address
	overHTTP       bool
}

func hops() []hop {
	grpc := func(compression string) string {
		return fmt.Sprintf("otlp_grpc/NAME: {endpoint: %q, tls: {insecure: true}, compression: %s}", server.grpc, compression)
	}
	http := func(compression, encoding string) string {
		return fmt.Sprintf("otlp_http/NAME: {endpoint: %q, compression: %s, encoding: %s}", "http://"+server.http, compression, encoding)
	}
	return []hop{
		{"col-grpc-none", grpc("none"), true},
		{"col-grpc-gzip", grpc("gzip"), true},
		{"col-grpc-zstd", grpc("zstd"), true},
		{"col-http-none", http("none", "proto"), false},
		{"col-http-gzip", http("gzip", "proto"), false},
		{"col-http-zstd", http("zstd", "proto"), false},
		{"col-json-none", http("none", "json"), false},
		{"col-json-gzip", http("gzip", "json"), false},
		{"col-json-zstd", http("zstd", "json"), false},
	}
}

func TestCollector(t *testing.T) {
	all := hops()
	ports, err := freePorts(2*len(all) + 1)
	if err != nil {
		t.Fatal(err)
	}
	collector := startCollector(t, all, ports)
	var deliveries []delivery
	for i, h := range all {
		deliveries = append(deliveries, delivery{h.name, func(t *testing.T) exporters {
			if h.overHTTP {
				return overHTTP(t, ports[2*i+1], true)
			}
			return overGRPC(t, ports[2*i], true)
		}})
	}
	runDeliveries(t, deliveries)
	if err := collector.stop(); err != nil {
		t.Errorf("the Collector: %v", err)
	}
	// It logs warnings and errors only; a partial success is a warning.
	if out := collector.output.String(); out != "" {
		t.Errorf("the Collector complains:\n%s", out)
	}
}

// startCollector runs one Collector with a pipeline of each signal for every hop.
// Hop i receives gRPC on ports[2i] and HTTP on ports[2i+1].
func startCollector(t *testing.T, all []hop, ports []string) *process {
	t.Helper()
	var receivers, exporters, pipelines strings.Builder
	for i, h := range all {
		fmt.Fprintf(&receivers, "  otlp/%s: {protocols: {grpc: {endpoint: %q}, http: {endpoint: %q}}}\n", h.name, ports[2*i], ports[2*i+1])
		exporter := strings.Replace(h.exporter, "NAME", h.name, 1)
		fmt.Fprintf(&exporters, "  %s\n", exporter)
		id, _, _ := strings.Cut(exporter, ":")
		for _, signal := range []string{"traces", "logs", "metrics"} {
			fmt.Fprintf(&pipelines, "    %s/%s: {receivers: [otlp/%s], processors: [batch], exporters: [%s]}\n", signal, h.name, h.name, id)
		}
	}
	_, metricsPort, err := net.SplitHostPort(ports[len(ports)-1])
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(`receivers:
%sprocessors:
  batch:
exporters:
%sservice:
  telemetry:
    logs: {level: warn}
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %s}}}}]}
  pipelines:
%s`, &receivers, &exporters, metricsPort, &pipelines)
	return runCollector(t, config, ports[2*len(all)-1])
}

// runCollector starts a Collector and waits until it listens.
func runCollector(t *testing.T, config, listens string) *process {
	t.Helper()
	path := filepath.Join(t.TempDir(), "collector.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	collector, err := startProcess(collectorBinary(t), "--config", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-collector.exited: // stopped by the test
		default:
			_ = collector.cmd.Process.Kill()
		}
	})
	err = collector.until(20*time.Second, func() error {
		conn, err := net.Dial("tcp", listens)
		if err != nil {
			return err
		}
		return conn.Close()
	})
	if err != nil {
		t.Fatalf("the Collector: %v\nconfiguration:\n%s", err, config)
	}
	return collector
}

func collectorBinary(t *testing.T) string {
	t.Helper()
	if binary := os.Getenv("OTELCOL"); binary != "" {
		return binary
	}
	cmd := exec.Command("../../../deploy/collector/build.sh")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("build the Collector: %v", err)
	}
	return strings.TrimSpace(string(out))
}
