package httpapi

import "github.com/felt-cx/felt"

func suggestOperation(o felt.OperationStat) string { return "" }

func suggestName(app, name string) string { return "" }
