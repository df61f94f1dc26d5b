package outputs

// For tests.
var (
	NormBound = normBound
	Faces     = faces
)
