// Package web is Felt's page: what a person sees when they open the server in a
// browser, built from TypeScript into dist/ and carried inside the binary.
//
// The page has one job: to say, in one sentence made from data, how many distinct
// customers are hurt, on what and since when; and to say so just as plainly when it
// does not know. So it counts customers before tries, never shows a percentage
// without its n, and a number that is old, missing or guessed is grey and says why.
//
// The Go side is only [Files]: the built page as a file system. It knows nothing of
// HTTP; the server decides how to serve it. When the page has not been built, the
// file system has no index.html and the server says how to build it. Every address
// inside the page is relative to the page, so it works under any base path.
//
// The TypeScript side, in src/, has the same shape as the Go house: pure modules
// that decide and are tested by tables (verdict.ts says the sentence, freshness.ts
// whether it may be believed, order.ts which journey comes first, chart.ts where a
// bar goes), a thin edge that talks to the server (api.ts, live.ts), and components
// that draw. e2e/ opens the page in a real browser, against canned answers and
// against the real binary.
//
//	npm ci && npm run build    # fills dist/
//	npm test && npm run lint   # the pure part
//	npm run e2e                # a browser against canned answers
//	FELT_BIN=../bin/felt npm run e2e:demo
package web
