package cusum_test

import (
	"github.com/felt-cx/felt/core/cusum"
)

// shipped is the rule that is shipped, with a fleet's threshold for paging.
var shipped = cusum.Rule{Width: 10, Open: cusum.Open, Page: 20}
