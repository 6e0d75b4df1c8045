// Package keys holds the ingest keys of browsers and apps on phones: whoever reads a page can read its
// key, so that a key is no secret but a handle. It lets its bearer send telemetry, and nothing else;
// and it bounds what is sent with it: from which pages, for which apps and environments, how much, and how much
// of it may be said to have been left out by sampling.
//
// The keys stand in a file of YAML, a list:
//
//   - name: shop-web                  # in metrics and messages
//     sha256: 9f86d0...               # of the key; or key: fk_...
//     origins: [https://shop.example, "https://*.shop.example"]
//     apps: [shop]                    # service.namespace, else service.name; none: any
//     environments: [production]      # none: any
//     requests: 100                   # a second; burst: 200
//     bytes: 1MiB                     # a second; burst_bytes: 4MiB
//     max_weight: 1000                # of one event of sampled telemetry; what claims more counts as this
//     expires: 2027-01-31             # the last day, UTC; or a moment
//
// Two keys may have one name: to change a key, put the new one beside the old one, give it to the
// pages, and take the old one out, or let it expire, when nothing comes with it any more
// (felt_ingest_key_requests_total).
//
// A [Store] reads the file again when it has changed. One that cannot be read, or has a mistake in
// it, changes nothing: keys that work go on working, and [Store.Trouble] says what is wrong.
package keys
