// Package yaml is the one door to YAML: it turns the text of a file into a tree in
// which every key and value knows its line and column, so that whoever reads the tree can say
// exactly where something is wrong.
//
// It takes the plain part of YAML that configuration needs: one document of maps, lists,
// and scalars in every notation. What makes a file mean something else than a reader sees is refused with
// its place: anchors, aliases and merge keys (also the way to blow up a small file), tags,
// directives, more than one document, a key given twice. Files are people's, and may be
// hostile: size, depth and the width of maps are bounded before the parser sees the text.
package yaml
