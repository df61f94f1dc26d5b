// Package report draws the pictures of reports as SVG or PNG.
//
// A [Path] is the picture of a regularisation path: panels one above the other over a
// common logarithmic axis of beta, with the objective and its bracket, the metric on
// training and validation rows, and the number of neurons. A [Race] shows how far the
// objectives of several methods are above a lower bound, over time. Colours are those of
// Okabe and Ito (2008), which colour-blind readers can tell apart, and no meaning hangs
// on colour alone: series differ in their marks, too.
//
// Text is set in Liberation Sans. An SVG names the font and leaves it to the viewer,
// with Arial and Helvetica, which are as wide, in its place; a PNG holds the letters.
// The same figure gives the same bytes.
package report
