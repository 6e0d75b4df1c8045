package main

import (
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptCommands are what the scripts need besides the usual ones.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"history":  historyCommand,
		"receiver": receiverCommand, "server": serverCommand, "declare": declareCommand,
		// waitfile FILE waits until the file is there.
		"waitfile": func(ts *testscript.TestScript, _ bool, args []string) {
			name := ts.MkAbs(args[0])
			deadline := time.Now().Add(30 * time.Second)
			for {
				if _, err := os.Stat(name); err == nil {
					return
				}
				if time.Now().After(deadline) {
					ts.Fatalf("%s did not appear", args[0])
				}
				time.Sleep(20 * time.Millisecond)
			}
		},
	}
}
