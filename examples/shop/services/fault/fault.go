// Package fault is what can be broken in the shop while it runs.
package fault

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// Faults are the switches. The zero value is a shop in which nothing is wrong.
type Faults struct {
	// SlowPayment is how long the payment service takes longer than usual, 0 to 30 s.
	SlowPayment Duration `json:"slow_payment"`
	// FailingRegion is the region (eu-west, us-east, ap-south) whose customers' carts and payments fail;
	// "" is none.
	FailingRegion string `json:"failing_region"`
	// BrokenRelease serves a release of the page in which nobody can pay.
	BrokenRelease bool `json:"broken_release"`
	// BrowserError is a word of the user agent (Firefox, Chrome, Safari): in such browsers the page throws when
	// something is put into the cart; "" is none.
	BrowserError string `json:"browser_error"`
	// RejectedCard makes the bank decline every card. That is no fault of the shop, and must not be counted as one.
	RejectedCard bool `json:"rejected_card"`
	// UploadLimit is the largest photo in bytes; 0 is the usual 5 MiB.
	UploadLimit int64 `json:"upload_limit"`
}

// Regions are those in which the shop has customers.
func Regions() []string { return []string{"eu-west", "us-east", "ap-south"} }

const longest = 30 * time.Second

// Check says what cannot be.
func (f Faults) Check() error {
	var errs []error
	if d := time.Duration(f.SlowPayment); d < 0 || d > longest {
		errs = append(errs, fmt.Errorf("slow_payment: %v is not within 0s and %v", d, longest))
	}
	if f.FailingRegion != "" && !known(f.FailingRegion) {
		errs = append(errs, fmt.Errorf("failing_region: %q is none of %v", f.FailingRegion, Regions()))
	}
	if len(f.BrowserError) > 64 {
		errs = append(errs, errors.New("browser_error: longer than 64 bytes"))
	}
	if f.UploadLimit < 0 {
		errs = append(errs, errors.New("upload_limit: less than 0"))
	}
	return errors.Join(errs...)
}

func known(region string) bool {
	for _, r := range Regions() {
		if r == region {
			return true
		}
	}
	return false
}

// Switches hold the faults of now. Services ask on every request.
type Switches struct {
	mu  sync.RWMutex
	now Faults
}

// Get is what is broken now.
func (s *Switches) Get() Faults {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now
}

// Set breaks and mends.
func (s *Switches) Set(f Faults) error {
	if err := f.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = f
	return nil
}

// Duration is a length of time that is written as 6s in JSON and on the command line.
type Duration time.Duration

// MarshalText writes 6s.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads 6s; nothing is 0.
func (d *Duration) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("a length of time is written as 6s or 500ms: %w", err)
	}
	*d = Duration(v)
	return nil
}
