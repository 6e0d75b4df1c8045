package measure

import "testing"

// TestSizeClass: a class has room for what is in it, and wastes less than a third.
func TestSizeClass(t *testing.T) {
	for n := range 3000 {
		class := sizeClass(n)
		if size := classSize(class); size < n || n > smallest && 3*n < 2*size || class > 0 && classSize(class-1) >= n {
			t.Fatalf("%d spans are of class %d with room for %d", n, class, size)
		}
		if sizeClass(classSize(class)) != class {
			t.Fatalf("what is of class %d is not given back to it", class)
		}
	}
}

// TestStock: what was needed since the last flush stays, and nothing else.
func TestStock(t *testing.T) {
	var p pool
	for range 100 {
		p.giveTrace(&trace{})
	}
	p.trim() // they came since
	if n := len(p.traces.list); n != 100 {
		t.Fatalf("%d wait", n)
	}
	var taken []*trace
	for range 30 {
		taken = append(taken, p.takeTrace())
	}
	for _, tr := range taken {
		p.giveTrace(tr)
	}
	p.trim()
	if n := len(p.traces.list); n != 30 {
		t.Fatalf("%d wait, 30 were needed", n)
	}
	p.trim()
	if n := len(p.traces.list); n != 0 || p.takeTrace() == nil {
		t.Fatalf("%d wait, none were needed", n)
	}
}
