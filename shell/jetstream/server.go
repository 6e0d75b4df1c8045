package jetstream

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

var errInUse = errors.New("data directory is in use by another felt: stop it first, or choose another directory")

// startServer starts the embedded server: it listens nowhere and handles no signals.
func startServer(o Options) (*server.Server, error) {
	srv, err := server.NewServer(&server.Options{
		ServerName:             "felt",
		DontListen:             true,
		NoSigs:                 true,
		NoLog:                  true,
		JetStream:              true,
		StoreDir:               o.Dir,
		JetStreamMaxMemory:     64 << 20, // no stream is kept in memory; a consumer of the future may be
		JetStreamMaxStore:      1 << 60,  // Append counts; a log opened with a smaller limit still takes ticks
		SyncAlways:             !o.Unsynced,
		MaxPayload:             maxRecord + 1<<20,
		MaxPending:             2 * maxRecord,
		DisableShortFirstPing:  true,
		DisableJetStreamBanner: true,
		NoSystemAccount:        true,
	})
	if err != nil {
		return nil, fmt.Errorf("making the embedded log server: %w", err)
	}
	srv.SetLoggerV2(serverLog{o.Logger.With("part", "log server")}, false, false, false)
	srv.Start()
	if !srv.ReadyForConnections(time.Minute) {
		srv.Shutdown()
		return nil, fmt.Errorf("the embedded log server in %s did not start within a minute: see its messages", o.Dir)
	}
	if !srv.JetStreamEnabled() {
		srv.Shutdown()
		return nil, fmt.Errorf("the embedded log server could not use %s: see its messages", o.Dir)
	}
	return srv, nil
}

// takeDir makes the directory and locks it.
func takeDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the log's directory: %w", err)
	}
	f, err := lockFile(filepath.Join(dir, "LOCK"))
	if err != nil {
		return nil, fmt.Errorf("log in %s: %w", dir, err)
	}
	return f, nil
}

// serverLog hands the server's warnings and errors to slog, and nothing below.
type serverLog struct{ l *slog.Logger }

func (serverLog) Noticef(string, ...any)           {}
func (serverLog) Debugf(string, ...any)            {}
func (serverLog) Tracef(string, ...any)            {}
func (s serverLog) Errorf(format string, v ...any) { s.l.Error(fmt.Sprintf(format, v...)) }

// Warnf leaves out the advice about the size of messages, which is ours to choose,
// and plays down what is said at every start after a crash: the index is older than
// the data, and is made again from it.
func (s serverLog) Warnf(format string, v ...any) {
	msg := fmt.Sprintf(format, v...)
	switch {
	case strings.HasPrefix(msg, "Maximum payloads over"):
	case strings.Contains(msg, "Stream state outdated"), strings.Contains(msg, "prior state file"):
		s.l.Info(msg)
	default:
		s.l.Warn(msg)
	}
}

// Fatalf must not end the process: the server that calls it does not come up, and
// Open says so.
func (s serverLog) Fatalf(format string, v ...any) { s.l.Error(fmt.Sprintf(format, v...)) }
