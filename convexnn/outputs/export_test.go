package outputs

// NormBound is normBound, for tests.
var NormBound = normBound
