// Package agent reads a user agent's text: on what kind of device, in which browser and on
// which system a customer was, and whether it was a customer at all.
//
// It is the one door to the library that knows the texts, and adds what Felt needs of it:
//
//   - Names come from a fixed list. What calls itself a browser and is not on it is "other", so that
//     nobody fills a segment with names of their own making. What is no browser (an HTTP
//     library, a service) has no device, no browser and no system.
//   - A version is its major number. Minor ones split customers without telling them apart.
//   - A device is desktop, mobile, tablet or tv. An Android that does not call itself mobile is a
//     tablet; an iPad that asks for desktop pages cannot be told from a Mac.
//   - Crawlers (Googlebot, GPTBot, link previews, whatever gives the address of its operator) are
//     bots. Browsers without a head and monitors (HeadlessChrome, Lighthouse, Pingdom, kube-probe)
//     are tests: somebody's robot looks whether the pages work. Neither is in a number unless asked
//     for. HTTP libraries are neither: they are how services call each other.
//
// Texts are cut at [MaxLength] before anything looks at them, so that none costs more than some
// microseconds, and a [Cache] remembers as many as are met in a busy hour.
package agent
