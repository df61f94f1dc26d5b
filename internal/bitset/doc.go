// Package bitset holds fixed-length sets of bits, the storage of activation
// patterns.
//
// A [Set] of n bits is a slice of ceil(n/64) words, lowest bit first, with the
// bits past n always zero. That invariant makes equality and hashing a plain
// pass over the words, and lets the kernels of internal/kernel read masks
// straight from memory.
//
// Co-activation counts, the number of patterns in which two samples are active
// together, are the popcount of an AND of two rows of the transposed bit
// matrix: see [Transpose] and [Set.AndCount].
package bitset
