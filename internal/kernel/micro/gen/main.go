// Command gen writes the assembly of package micro.
//
//	go run . -isa avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg micro
//	go run . -isa avx2 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg micro
//
// It is a module of its own, so that the library does not depend on the
// assembler. The comment of each field of micro.Kernels has the loop that the
// function replaces.
package main

import (
	"flag"
	"log"

	"github.com/mmcloughlin/avo/build"
)

func main() {
	isa := flag.String("isa", "avx512", "instruction set: avx512 or avx2")
	flag.Parse() // -out, -stubs and -pkg are those of build
	build.ConstraintExpr("!noasm")
	for _, single := range []bool{false, true} {
		var t target
		switch *isa {
		case "avx512":
			t = avx512(single)
		case "avx2":
			t = avx2(single)
		default:
			log.Fatalf("no instruction set %q: avx512 or avx2", *isa)
		}
		t.constants()
		t.mul("mulN", t.byRows)
		t.mul("mulT", t.byColumns)
		t.forward()
		t.expand()
		t.weigh()
		t.choose()
		t.cone()
		t.dot()
		t.axpy()
		t.dots()
		t.peak()
	}
	build.Generate()
}
