// Package report draws the pictures of reports as SVG or PNG, and sets pages of them.
//
// A [Path] is the picture of a regularisation path: panels one above the other over a
// common logarithmic axis of beta, with the objective and its bracket, the metric on
// training and validation rows, and the number of neurons. A [Widths] shows the optimum
// at each number of neurons, against that over all widths, and a [Shrinkage] the singular
// values of deep linear networks over the weight decay.
//
// Three pictures compare methods. A [Race] shows how far their objectives are above a
// lower bound, over time; a [Spread] where each of their runs ended; a [Scores] their
// metric on training, validation and test rows. A method has the same mark and colour in
// all of them.
//
// Two show what networks have learned, one panel for each. [Fits] are functions of one
// feature with their kinks; [Regions] are functions of two, by their sign or in bands of
// their value, with the line where each neuron switches.
//
// Four show training on separable data against a program of largest margins and its dual
// (Wang and Pilanci, 2022). A [Flow] has the directions of neurons in the unit disc, moment
// by moment, with prices that touch its circle where neurons are to end; a [FlowFilm] is
// the same as a moving picture. [Brackets] are bounds on the optimum in the course of
// training, and a [DualShadow] is the dual feasible set in the plane of two sums.
//
// Each picture is a struct of plain values with a method Write. What is not known is NaN.
// Values that cannot be drawn are left out, what is too long for its place is cut, and of
// very many samples some are shown, so that any input makes a picture of moderate size.
//
// Films move by animated attributes of SVG, which need no script. What moves is in the file
// twice: a still picture, which is seen where nothing may or can move, and hidden parts
// that a style sheet shows in its place elsewhere.
//
// A [Page] is one HTML file with notices, facts, tables and pictures. It has no script and
// needs no other file. Its pictures take their colours from the page, which is light or
// dark as the reader's system is.
//
// Colours are those of Okabe and Ito (2008), which colour-blind readers can tell apart,
// and no meaning hangs on colour alone: series differ in their marks, too. On pages they
// are a little darker or lighter where thin lines need more contrast.
//
// Text is set in Liberation Sans. An SVG names the font and leaves it to the viewer,
// with Arial and Helvetica, which are as wide, in its place; a PNG holds the letters.
// The same figure gives the same bytes.
package report
