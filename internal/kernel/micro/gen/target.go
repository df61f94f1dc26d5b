package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A target is an instruction set and a type of number.
type target struct {
	name   string // of the instruction set
	masks  bool   // mask registers, as AVX-512 has
	single bool   // float32 instead of float64
	lanes  int    // of a register
	vecs   int    // registers that a row of a panel takes
	rows   int    // rows of a tile
	size   int    // bytes of a number
}

// A tile of 8 rows and 3 registers leaves 8 of 32 registers to the panel and to
// broadcasts.
func avx512(single bool) target {
	return newTarget(target{name: "AVX512", masks: true, lanes: 8, vecs: 3, rows: 8}, single)
}

// A tile of 6 rows and 2 registers leaves 4 of 16.
func avx2(single bool) target {
	return newTarget(target{name: "AVX2", lanes: 4, vecs: 2, rows: 6}, single)
}

func newTarget(t target, single bool) target {
	t.single, t.size = single, 8
	if single {
		t.size, t.lanes = 4, 2*t.lanes
	}
	return t
}

func (t target) width() int     { return t.vecs * t.lanes }
func (t target) bytes() int     { return t.lanes * t.size }
func (t target) maskBytes() int { return t.width() / 8 }

// function begins the TEXT of a kernel. In the signature, T stands for the type
// of number.
func (t target) function(name, signature string) {
	kind := "float64"
	if t.single {
		kind = "float32"
	}
	build.TEXT(t.symbol(name), build.NOSPLIT, "func("+strings.ReplaceAll(signature, "T", kind)+")")
	build.Pragma("noescape")
}

func (t target) symbol(name string) string {
	bits := "64"
	if t.single {
		bits = "32"
	}
	return name + t.name + "x" + bits
}

// constants writes what AVX2 tests the bits of a mask with.
func (t target) constants() {
	if t.masks {
		return
	}
	if t.single {
		build.GLOBL(t.symbol("bits"), attr.RODATA|attr.NOPTR)
		for l := range 8 {
			build.DATA(4*l, operand.U32(1<<l))
		}
		return
	}
	build.GLOBL(t.symbol("bits"), attr.RODATA|attr.NOPTR)
	for l := range 8 {
		build.DATA(8*l, operand.U64(1<<l))
	}
}

// vector allocates a register.
func (t target) vector() reg.VecVirtual {
	if t.masks {
		return build.ZMM()
	}
	return build.YMM()
}

// pick returns the instruction for the type of number.
func pick[F any](t target, double, single F) F {
	if t.single {
		return single
	}
	return double
}

type op = func(...operand.Op)

func (t target) load(m operand.Mem, v operand.Op) { pick[op](t, build.VMOVUPD, build.VMOVUPS)(m, v) }

func (t target) store(v operand.Op, m operand.Mem) { pick[op](t, build.VMOVUPD, build.VMOVUPS)(v, m) }

func (t target) add(a, b, dst operand.Op) { pick[op](t, build.VADDPD, build.VADDPS)(a, b, dst) }

func (t target) sub(a, b, dst operand.Op) { pick[op](t, build.VSUBPD, build.VSUBPS)(a, b, dst) } // dst = b - a

func (t target) mulV(a, b, dst operand.Op) { pick[op](t, build.VMULPD, build.VMULPS)(a, b, dst) }

func (t target) fma(a, b, dst operand.Op) {
	pick[op](t, build.VFMADD231PD, build.VFMADD231PS)(a, b, dst)
}
func (t target) max(a, b, dst operand.Op) { pick[op](t, build.VMAXPD, build.VMAXPS)(a, b, dst) }
func (t target) min(a, b, dst operand.Op) { pick[op](t, build.VMINPD, build.VMINPS)(a, b, dst) }
func (t target) xor(a, b, dst operand.Op) { pick[op](t, build.VXORPD, build.VXORPS)(a, b, dst) }
func (t target) and(a, b, dst operand.Op) { pick[op](t, build.VANDPD, build.VANDPS)(a, b, dst) }

// andNot sets dst to b &^ a.
func (t target) andNot(a, b, dst operand.Op) {
	pick[op](t, build.VANDNPD, build.VANDNPS)(b, a, dst)
}

func (t target) broadcast(m operand.Mem, v operand.Op) {
	if t.single {
		build.VBROADCASTSS(m, v)
	} else {
		build.VBROADCASTSD(m, v)
	}
}

func (t target) zero(v operand.Op) { t.xor(v, v, v) }

// mask returns a register with all bits set in the lanes whose bits are set in the
// masks at m for register v of a row. For targets without mask registers only.
func (t target) mask(m operand.Mem, v int) reg.VecVirtual {
	r := t.vector()
	table := operand.NewDataAddr(operand.Symbol{Name: t.symbol("bits"), Static: true}, 0)
	if t.single {
		build.VPBROADCASTB(m.Offset(v), r)
		build.VPAND(table, r, r)
		build.VPCMPEQD(table, r, r)
		return r
	}
	table = table.Offset(v % 2 * 32)
	build.VPBROADCASTB(m.Offset(v/2), r)
	build.VPAND(table, r, r)
	build.VPCMPEQQ(table, r, r)
	return r
}

// bits loads the bits of register v of a row into a mask register.
func (t target) bits(m operand.Mem, v int) reg.Register {
	k := build.K()
	if t.single {
		build.KMOVW(m.Offset(2*v), k)
	} else {
		build.KMOVB(m.Offset(v), k)
	}
	return k
}

// pointer loads a pointer or an integer parameter.
func pointer(name string) reg.GPVirtual {
	return build.Load(build.Param(name), build.GP64()).(reg.GPVirtual)
}

// stride loads a stride in numbers and makes it bytes.
func (t target) stride(name string) reg.GPVirtual {
	s := pointer(name)
	build.SHLQ(operand.U8(pick[uint8](t, 3, 2)), s)
	return s
}

// labels returns a maker of names that are unique in a function.
func labels(prefix string) func(format string, args ...any) string {
	return func(format string, args ...any) string {
		return prefix + fmt.Sprintf(format, args...)
	}
}

// ret ends a function. Without VZEROUPPER, SSE code after it would be slow.
func ret() {
	build.VZEROUPPER()
	build.RET()
}
