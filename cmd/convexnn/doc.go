// Command convexnn trains two-layer ReLU networks from tables by convex optimisation and
// says what is proved of their optimality.
//
//	convexnn train DATA [flags]     train a network
//	convexnn path DATA              train at many strengths and choose one
//	convexnn compare DATA           compare with sampling, gradients and linear models
//	convexnn exact DATA [flags]     find the best network of a given width
//	convexnn linear DATA [flags]    train a deep linear network, and show its convex programs
//	convexnn relax DATA [flags]     bound training by convex relaxations
//	convexnn flow DATA [flags]      follow gradient flow towards the largest margin
//	convexnn predict MODEL DATA     predict the targets of each row
//	convexnn evaluate MODEL DATA    measure a model on labelled rows
//	convexnn certify MODEL DATA     say how far a network is from the best one
//	convexnn verify REPORT DATA     check the proof in a report again
//	convexnn patterns DATA          count or list activation patterns
//	convexnn datasets               list the built-in data sets
//	convexnn version                print the version
//
// DATA is a file of delimited text, plain or compressed with gzip, or the name of
// a built-in data set; a name means the built-in set even where a file is called
// the same. In its place --x FILE and --y FILE give matrices of numbers without
// a header, of which nothing is dropped or scaled.
//
// # Exit status
//
//	0  done; a note says so where --tol was not reached
//	1  the work failed, verify did not find the claim proved, or compare found a
//	   network below a proved bound; one line on standard error says why
//	2  the command line is wrong
//	3  stopped early by Ctrl-C or --time-limit, with a usable result written; of
//	   compare, whose --time-limit is that of each training, by Ctrl-C alone
//
// # Output
//
// Results go to standard output; notices, progress and errors go to standard
// error. With --report - standard output carries the JSON report alone. Files
// are written under another name and then renamed, so that they are either
// complete or not there. Numbers that are not defined, such as the R2 of a
// constant target, are "-" in text and null in JSON.
//
// The reports of train and certify have the format convexnn-report. They hold the
// vector that proves the bound (dual), and preprocessing or matrix and split as a
// model file does, so that verify finds the rows again.
//
// In reports patterns_possible and max_cells, upper bounds on the number of
// activation patterns, are whole numbers of as many digits as they have, often
// more than a 64-bit integer holds.
//
// # Models
//
// A model file is JSON with the members format ("convexnn-model"), version (1, or
// 2 where there are several outputs), preprocessing, matrix, network and training. It holds all that predictions
// need. Of the training it keeps the name of the data, the number of rows and
// what repeats the split, so that evaluate can tell training rows from others.
// Either preprocessing says how the columns of a table become inputs, or
// it is null and matrix says how a matrix given with --x does.
package main
