package measure

// list holds what is linked into it in the order of its last arrival, oldest first.
type list[T any, P linked[T]] struct {
	first, last *T
	n           int
}

// neighbours are embedded into what is held by a list.
type neighbours[T any] struct{ prev, next *T }

func (l *neighbours[T]) chain() *neighbours[T] { return l }

type linked[T any] interface {
	*T
	chain() *neighbours[T]
}

// push adds one as the newest.
func (l *list[T, P]) push(v *T) {
	*P(v).chain() = neighbours[T]{prev: l.last}
	if l.last != nil {
		P(l.last).chain().next = v
	} else {
		l.first = v
	}
	l.last = v
	l.n++
}

func (l *list[T, P]) remove(v *T) {
	at := P(v).chain()
	if at.prev != nil {
		P(at.prev).chain().next = at.next
	} else {
		l.first = at.next
	}
	if at.next != nil {
		P(at.next).chain().prev = at.prev
	} else {
		l.last = at.prev
	}
	*at = neighbours[T]{}
	l.n--
}
