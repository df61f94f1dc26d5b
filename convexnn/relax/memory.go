package relax

import "github.com/pbnjay/memory"

// halfOfMemory is the default limit, in bytes.
func halfOfMemory() uint64 { return memory.TotalMemory() / 2 }
