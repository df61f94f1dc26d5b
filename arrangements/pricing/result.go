package pricing

import "github.com/convexnn/convexnn/arrangements"

// A Direction is a unit vector u of length d and its value sum_i v_i (x_i.u)_+.
type Direction struct {
	Vector []float64
	Value  float64
	// Pattern is that of a full-dimensional cell whose closure contains Vector, as
	// [arrangements.CellAt] sees it: samples with |x_i.u| <= 1e-9 |x_i| count as
	// having x_i.u = 0. So the price of the cell is at least Value, up to rounding.
	// After [ByCells] it is Value; elsewhere it may be higher.
	Pattern arrangements.Pattern
}

// A Result is the best direction found, and what is proved about the others.
type Result struct {
	// Value is sum_i v_i (x_i.u)_+ at u = Direction, a lower bound of theta(v).
	Value float64
	// Upper is a proved upper bound of theta(v), an allowance for rounding
	// included, whenever and however the search ended. It is +Inf if nothing was
	// proved, as after local search. With a floor it is never below the floor.
	Upper float64
	// Direction is the unit vector u of length d; nil if Value is 0.
	Direction []float64
	// Exact reports that Value is theta(v) up to the tolerance asked for, or up to
	// rounding where there is a closed form.
	Exact bool
	// Closed reports that Upper is at most max(Value, Floor) up to the tolerance:
	// the question asked is answered. Without a floor it equals Exact.
	Closed bool
	// Found holds the best distinct directions met, best first, the first of them
	// Direction; at most as many as asked for. No two have a cosine of 1 - 1e-6 or
	// more, after visits of cells of more than 0.999, so that no peak of the price is
	// there twice.
	Found []Direction
	// Nodes is the number of nodes of the tree that were bounded, Open the number
	// that were not closed when the search ended. Both are 0 without a tree.
	Nodes, Open int
}
