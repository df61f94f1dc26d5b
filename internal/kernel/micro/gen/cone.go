package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// expand writes the making of a panel from masks and one number for each row.
func (t target) expand() {
	t.function("expand", "rows int, masks *byte, r, panel *T")
	build.Doc(t.symbol("expand") + " is Kernels.Expand.")
	rows, masks, r, panel := pointer("rows"), pointer("masks"), pointer("r"), pointer("panel")
	build.Label("row")
	b := t.vector()
	if !t.masks {
		t.broadcast(operand.Mem{Base: r}, b)
	}
	for v := range t.vecs {
		x := t.vector()
		if t.masks {
			k := t.bits(operand.Mem{Base: masks}, v)
			if t.single {
				build.VBROADCASTSS_Z(operand.Mem{Base: r}, k, x)
			} else {
				build.VBROADCASTSD_Z(operand.Mem{Base: r}, k, x)
			}
		} else {
			x = t.mask(operand.Mem{Base: masks}, v)
			t.and(b, x, x)
		}
		t.store(x, operand.Mem{Base: panel, Disp: v * t.bytes()})
	}
	build.ADDQ(operand.I32(t.maskBytes()), masks)
	build.ADDQ(operand.I32(t.size), r)
	build.ADDQ(operand.I32(t.vecs*t.bytes()), panel)
	build.DECQ(rows)
	build.JNZ(operand.LabelRef("row"))
	ret()
}

// weigh writes the scaling of the rows of a panel.
func (t target) weigh() {
	t.function("weigh", "rows int, r, panel, dst *T")
	build.Doc(t.symbol("weigh") + " is Kernels.Weigh.")
	rows, r, panel, dst := pointer("rows"), pointer("r"), pointer("panel"), pointer("dst")
	build.Label("row")
	b := t.vector()
	t.broadcast(operand.Mem{Base: r}, b)
	for v := range t.vecs {
		x, m := t.vector(), operand.Mem{Disp: v * t.bytes()}
		m.Base = panel
		t.mulV(m, b, x)
		m.Base = dst
		t.store(x, m)
	}
	build.ADDQ(operand.I32(t.size), r)
	build.ADDQ(operand.I32(t.vecs*t.bytes()), panel)
	build.ADDQ(operand.I32(t.vecs*t.bytes()), dst)
	build.DECQ(rows)
	build.JNZ(operand.LabelRef("row"))
	ret()
}

// choose writes the choice of columns of a panel.
func (t target) choose() {
	t.function("choose", "rows int, mask *byte, panel, dst *T")
	build.Doc(t.symbol("choose") + " is Kernels.Choose.")
	rows, mask, panel, dst := pointer("rows"), pointer("mask"), pointer("panel"), pointer("dst")
	keep := make([]reg.Register, t.vecs)
	for v := range keep {
		if t.masks {
			keep[v] = t.bits(operand.Mem{Base: mask}, v)
		} else {
			keep[v] = t.mask(operand.Mem{Base: mask}, v)
		}
	}
	build.Label("row")
	for v, k := range keep {
		x, m := t.vector(), operand.Mem{Disp: v * t.bytes()}
		m.Base = panel
		switch {
		case !t.masks:
			t.and(m, k, x)
		case t.single:
			build.VMOVUPS_Z(m, k, x)
		default:
			build.VMOVUPD_Z(m, k, x)
		}
		m.Base = dst
		t.store(x, m)
	}
	build.ADDQ(operand.I32(t.vecs*t.bytes()), panel)
	build.ADDQ(operand.I32(t.vecs*t.bytes()), dst)
	build.DECQ(rows)
	build.JNZ(operand.LabelRef("row"))
	ret()
}

// cone writes the step of slacks and multipliers.
func (t target) cone() {
	t.function("cone", "rows int, masks *byte, z, w, params, sums *T")
	build.Doc(t.symbol("cone") + " is Kernels.Cone.")
	rows, masks, z, w := pointer("rows"), pointer("masks"), pointer("z"), pointer("w")
	params, sums := pointer("params"), pointer("sums")
	constant := func(i int) operand.Mem { return operand.Mem{Base: params, Disp: i * t.size} }
	zero, sign := t.vector(), t.vector()
	t.zero(zero)
	t.broadcast(constant(3), sign)
	// AVX2 has no registers to hold these in, and has to broadcast them anew.
	var held [3]reg.VecVirtual
	var totals [5]reg.VecVirtual
	if t.masks {
		for i := range held {
			held[i] = t.vector()
			t.broadcast(constant(i), held[i])
		}
		for i := range totals {
			totals[i] = t.vector()
			t.load(operand.Mem{Base: sums, Disp: i * t.bytes()}, totals[i])
		}
	}
	param := func(i int) reg.VecVirtual {
		if t.masks {
			return held[i]
		}
		v := t.vector()
		t.broadcast(constant(i), v)
		return v
	}
	square := func(i, v int, x reg.VecVirtual) {
		if t.masks {
			t.fma(x, x, totals[i])
			return
		}
		m := operand.Mem{Base: sums, Disp: (i*t.vecs + v) * t.bytes()}
		sum := t.vector()
		t.load(m, sum)
		t.fma(x, x, sum)
		t.store(sum, m)
	}
	build.Label("row")
	for v := range t.vecs {
		zAt, wAt := operand.Mem{Base: z, Disp: v * t.bytes()}, operand.Mem{Base: w, Disp: v * t.bytes()}
		flip := t.flip(operand.Mem{Base: masks}, v, sign)
		p, x, old, s, d := t.vector(), t.vector(), t.vector(), t.vector(), t.vector()
		t.load(wAt, p)
		t.xor(flip, p, p)
		t.load(zAt, x)
		t.max(zero, x, old)
		t.min(zero, x, x)
		t.fma(param(1), old, x)
		t.fma(param(0), p, x)
		t.clip(x, sign, param(2))
		t.store(x, zAt)
		t.max(zero, x, s)
		square(2, v, p)
		t.sub(s, p, d)
		square(0, v, d)
		t.sub(old, s, d)
		square(1, v, d)
		square(3, v, s)
		t.sub(x, s, d)
		square(4, v, d)
		t.andNot(sign, x, x)
		t.xor(flip, x, x)
		t.store(x, wAt)
	}
	build.ADDQ(operand.I32(t.maskBytes()), masks)
	build.ADDQ(operand.I32(t.vecs*t.bytes()), z)
	build.ADDQ(operand.I32(t.vecs*t.bytes()), w)
	build.DECQ(rows)
	build.JNZ(operand.LabelRef("row"))
	if t.masks {
		for i := range totals {
			t.store(totals[i], operand.Mem{Base: sums, Disp: i * t.bytes()})
		}
	}
	ret()
}

// flip returns a register with the sign bit set where the mask's bit is not.
func (t target) flip(masks operand.Mem, v int, sign reg.VecVirtual) reg.VecVirtual {
	if !t.masks {
		f := t.mask(masks, v)
		t.andNot(f, sign, f)
		return f
	}
	k, not, f := t.bits(masks, v), build.K(), t.vector()
	if t.single {
		build.KNOTW(k, not)
		build.VMOVAPS_Z(sign, not, f)
	} else {
		build.KNOTB(k, not)
		build.VMOVAPD_Z(sign, not, f)
	}
	return f
}

// clip zeroes the lanes of x that are below tiny in magnitude.
func (t target) clip(x, sign, tiny reg.VecVirtual) {
	const notLess = 5 // and so NaN stays NaN
	size := t.vector()
	t.andNot(sign, x, size)
	if !t.masks {
		pick[op](t, build.VCMPPD, build.VCMPPS)(operand.U8(notLess), tiny, size, size)
		t.and(size, x, x)
		return
	}
	k := build.K()
	if t.single {
		build.VCMPPS(operand.U8(notLess), tiny, size, k)
		build.VMOVAPS_Z(x, k, x)
	} else {
		build.VCMPPD(operand.U8(notLess), tiny, size, k)
		build.VMOVAPD_Z(x, k, x)
	}
}
