package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dot writes an inner product: four sums of registers, one of a register, and the
// rest number by number.
func (t target) dot() {
	const ways = 4
	t.function("dot", "n int, x, y *T) (sum T")
	build.Doc(t.symbol("dot") + " is Kernels.Dot.")
	n, x, y := pointer("n"), pointer("x"), pointer("y")
	acc := make([]reg.VecVirtual, ways)
	for w := range acc {
		acc[w] = t.vector()
		t.zero(acc[w])
	}
	t.strips(n, []reg.GPVirtual{x, y}, ways, func(w int) {
		v := t.vector()
		t.load(operand.Mem{Base: x, Disp: w * t.bytes()}, v)
		t.fma(operand.Mem{Base: y, Disp: w * t.bytes()}, v, acc[w])
	})
	t.add(acc[1], acc[0], acc[0])
	t.add(acc[3], acc[2], acc[2])
	t.add(acc[2], acc[0], acc[0])
	sum := t.reduce(acc[0])
	t.singles(n, []reg.GPVirtual{x, y}, func() {
		v := build.XMM()
		t.scalarLoad(operand.Mem{Base: x}, v)
		pick[op](t, build.VFMADD231SD, build.VFMADD231SS)(operand.Mem{Base: y}, v, sum)
	})
	// Not Store, whose MOVSD would meet upper halves of registers in use.
	slot, err := build.ReturnIndex(0).Resolve()
	if err != nil {
		panic(err)
	}
	pick[op](t, build.VMOVSD, build.VMOVSS)(sum, slot.Addr)
	ret()
}

// axpy writes y += alpha x.
func (t target) axpy() {
	const ways = 4
	t.function("axpy", "n int, alpha T, x, y *T")
	build.Doc(t.symbol("axpy") + " is Kernels.Axpy.")
	n, x, y := pointer("n"), pointer("x"), pointer("y")
	first, alpha := build.XMM(), t.vector()
	build.Load(build.Param("alpha"), first)
	pick[op](t, build.VBROADCASTSD, build.VBROADCASTSS)(first, alpha)
	t.strips(n, []reg.GPVirtual{x, y}, ways, func(w int) {
		v, m := t.vector(), operand.Mem{Base: y, Disp: w * t.bytes()}
		t.load(m, v)
		t.fma(operand.Mem{Base: x, Disp: w * t.bytes()}, alpha, v)
		t.store(v, m)
	})
	t.singles(n, []reg.GPVirtual{x, y}, func() {
		v := build.XMM()
		t.scalarLoad(operand.Mem{Base: y}, v)
		pick[op](t, build.VFMADD231SD, build.VFMADD231SS)(operand.Mem{Base: x}, first, v)
		pick[op](t, build.VMOVSD, build.VMOVSS)(v, operand.Mem{Base: y})
	})
	ret()
}

// peak writes a loop of multiplications and additions in registers, as many as a
// tile has sums.
func (t target) peak() {
	t.function("peak", "n int")
	build.Doc(t.symbol("peak") + " is Kernels.Peak.")
	n, x := pointer("n"), t.vector()
	t.zero(x)
	acc := make([]reg.VecVirtual, t.rows*t.vecs)
	for i := range acc {
		acc[i] = t.vector()
		t.zero(acc[i])
	}
	build.Label("step")
	for _, a := range acc {
		t.fma(x, x, a)
	}
	build.DECQ(n)
	build.JNZ(operand.LabelRef("step"))
	ret()
}

// dots writes the product of a matrix with a vector, one row after the other
// with two sums, which is enough for short rows.
func (t target) dots() {
	const ways = 2
	t.function("dots", "rows, n int, a *T, lda int, x, y *T")
	build.Doc(t.symbol("dots") + " is Kernels.Dots.")
	rows, n, a, lda := pointer("rows"), pointer("n"), pointer("a"), t.stride("lda")
	x, y := pointer("x"), pointer("y")
	at, xAt, left := build.GP64(), build.GP64(), build.GP64()
	build.Label("row")
	build.MOVQ(a, at)
	build.MOVQ(x, xAt)
	build.MOVQ(n, left)
	acc := make([]reg.VecVirtual, ways)
	for w := range acc {
		acc[w] = t.vector()
		t.zero(acc[w])
	}
	t.strips(left, []reg.GPVirtual{at, xAt}, ways, func(w int) {
		v := t.vector()
		t.load(operand.Mem{Base: at, Disp: w * t.bytes()}, v)
		t.fma(operand.Mem{Base: xAt, Disp: w * t.bytes()}, v, acc[w])
	})
	t.add(acc[1], acc[0], acc[0])
	if t.masks {
		// The rest of the row, with the lanes past its end zero.
		build.TESTQ(left, left)
		build.JZ(operand.LabelRef("reduce"))
		k, v, u := t.first(left), t.vector(), t.vector()
		if t.single {
			build.VMOVUPS_Z(operand.Mem{Base: at}, k, v)
			build.VMOVUPS_Z(operand.Mem{Base: xAt}, k, u)
		} else {
			build.VMOVUPD_Z(operand.Mem{Base: at}, k, v)
			build.VMOVUPD_Z(operand.Mem{Base: xAt}, k, u)
		}
		t.fma(u, v, acc[0])
		build.Label("reduce")
	}
	sum := t.reduce(acc[0])
	if !t.masks {
		t.singles(left, []reg.GPVirtual{at, xAt}, func() {
			v := build.XMM()
			t.scalarLoad(operand.Mem{Base: at}, v)
			pick[op](t, build.VFMADD231SD, build.VFMADD231SS)(operand.Mem{Base: xAt}, v, sum)
		})
	}
	pick[op](t, build.VMOVSD, build.VMOVSS)(sum, operand.Mem{Base: y})
	build.ADDQ(operand.I32(t.size), y)
	build.ADDQ(lda, a)
	build.DECQ(rows)
	build.JNZ(operand.LabelRef("row"))
	ret()
}

// first returns a mask of the first n lanes, n less than all.
func (t target) first(n reg.GPVirtual) reg.Register {
	all, k := build.GP64(), build.K()
	build.MOVQ(operand.I32(-1), all)
	build.BZHIQ(n, all, all)
	build.KMOVW(all.As32(), k)
	return k
}

// strips writes a loop over strips of ways registers and one over single
// registers. body works on register w from the pointers; n is what is left.
func (t target) strips(n reg.GPVirtual, pointers []reg.GPVirtual, ways int, body func(w int)) {
	for _, k := range []int{ways, 1} {
		label := labels("strip" + string(rune('0'+k)))
		build.Label(label("loop"))
		build.CMPQ(n, operand.I32(k*t.lanes))
		build.JLT(operand.LabelRef(label("done")))
		for w := range k {
			body(w)
		}
		for _, p := range pointers {
			build.ADDQ(operand.I32(k*t.bytes()), p)
		}
		build.SUBQ(operand.I32(k*t.lanes), n)
		build.JMP(operand.LabelRef(label("loop")))
		build.Label(label("done"))
	}
}

// singles writes a loop over the numbers that are left.
func (t target) singles(n reg.GPVirtual, pointers []reg.GPVirtual, body func()) {
	build.Label("single")
	build.TESTQ(n, n)
	build.JZ(operand.LabelRef("singles"))
	body()
	for _, p := range pointers {
		build.ADDQ(operand.I32(t.size), p)
	}
	build.DECQ(n)
	build.JMP(operand.LabelRef("single"))
	build.Label("singles")
}

func (t target) scalarLoad(m operand.Mem, v reg.VecVirtual) {
	pick[op](t, build.VMOVSD, build.VMOVSS)(m, v)
}

// reduce returns the sum of the lanes of v in the lowest lane of a register.
func (t target) reduce(v reg.VecVirtual) reg.VecVirtual {
	y := build.YMM()
	if t.masks {
		build.VEXTRACTF64X4(operand.U8(1), v, y)
		t.add(v.AsY(), y, y)
	} else {
		y = v
	}
	x := build.XMM()
	build.VEXTRACTF128(operand.U8(1), y, x)
	t.add(y.AsX(), x, x)
	if t.single {
		build.VHADDPS(x, x, x)
		build.VHADDPS(x, x, x)
	} else {
		build.VHADDPD(x, x, x)
	}
	return x
}
