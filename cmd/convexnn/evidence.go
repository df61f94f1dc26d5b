package main

import (
	"github.com/convexnn/convexnn/convexnn"
	"github.com/convexnn/convexnn/datasets"
)

// reportFormat marks the reports that verify can check.
const reportFormat = "convexnn-report"

// evidence is the part of a report that verify needs: the vector that proves the
// bound, and the way back from the data to the rows that it speaks of. Of
// Preprocessing and Matrix one is set.
type evidence struct {
	Price         *priceReport           `json:"price"` // null where there is no dual vector
	Dual          []number               `json:"dual"`
	Intercept     bool                   `json:"intercept"` // whether networks may have a free output intercept
	Preprocessing *datasets.Preprocessor `json:"preprocessing"`
	Matrix        *matrixEncoding        `json:"matrix"`
	Split         *dataInfo              `json:"split"`
}

// priceReport is the price of the dual vector.
type priceReport struct {
	Value  number                   `json:"value"`
	Upper  number                   `json:"upper"`
	Kind   convexnn.CertificateKind `json:"kind"`
	Method convexnn.PriceMethod     `json:"method"`
	Cells  int64                    `json:"cells"`
	Nodes  int                      `json:"nodes"`
}

func newEvidence(c convexnn.Certificate, intercept bool, e encoding, split *dataInfo) evidence {
	out := evidence{Dual: make([]number, len(c.Dual)), Intercept: intercept, Split: split}
	for i, v := range c.Dual {
		out.Dual[i] = number(v)
	}
	out.Preprocessing, out.Matrix = stored(e)
	if c.Kind != convexnn.CertifiedProgram && len(c.Dual) > 0 {
		out.Price = newPriceReport(c.Price)
	}
	return out
}

func newPriceReport(p convexnn.Price) *priceReport {
	return &priceReport{number(p.Value), number(p.Upper), p.Kind, p.Method, p.Cells, p.Nodes}
}
