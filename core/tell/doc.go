// Package tell writes what people read of an incident: its title, the one sentence that a tired
// responder wants, the updates of its story, and the text for places that have no blocks.
//
// All words are made here, so that the page, the message and the timeline say the same. The rules:
//
//   - Customers come first, and they are distinct ones: who tried three times is one.
//   - A share is never without the number it is a share of.
//   - What is estimated says "about", with its interval; what is a lower bound says "at least".
//   - What is not known says so. No number is never written as 0.
//   - A time has its zone, and its day unless that is today.
//   - Long names are cut with an ellipsis; what would break a line or hide a text is taken out.
package tell
