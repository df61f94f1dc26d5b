package main

import (
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// An access says how the left matrix of a product is read: where entry r of step
// l of the inner product is, relative to a pointer that next moves on.
type access struct {
	at    func(r int) operand.Mem // entry r of a tile
	next  func()                  // to the next step
	reset func()                  // to the first step of this tile
	tile  func(rows int)          // to the next tile
}

// byRows reads rows: a[r*lda+l].
func (t target) byRows() access {
	a, at, lda := pointer("a"), build.GP64(), t.stride("lda")
	lda3, lda5 := build.GP64(), build.GP64()
	build.LEAQ(operand.Mem{Base: lda, Index: lda, Scale: 2}, lda3)
	build.LEAQ(operand.Mem{Base: lda, Index: lda, Scale: 4}, lda5)
	var lda7 reg.GPVirtual
	if t.rows > 7 {
		lda7 = build.GP64()
		build.LEAQ(operand.Mem{Base: lda3, Index: lda, Scale: 4}, lda7)
	}
	return access{
		at: func(r int) operand.Mem {
			m := operand.Mem{Base: at}
			switch r {
			case 0:
			case 1, 2, 4:
				m.Index, m.Scale = lda, uint8(r)
			case 3, 6:
				m.Index, m.Scale = lda3, uint8(r/3)
			case 5:
				m.Index, m.Scale = lda5, 1
			case 7:
				m.Index, m.Scale = lda7, 1
			}
			return m
		},
		next:  func() { build.ADDQ(operand.I32(t.size), at) },
		reset: func() { build.MOVQ(a, at) },
		tile: func(rows int) {
			if rows == 8 {
				build.LEAQ(operand.Mem{Base: a, Index: lda, Scale: 8}, a)
				return
			}
			build.LEAQ(operand.Mem{Base: a, Index: lda3, Scale: 2}, a) // 6 rows
		},
	}
}

// byColumns reads columns: a[l*lda+r].
func (t target) byColumns() access {
	a, at, lda := pointer("a"), build.GP64(), t.stride("lda")
	return access{
		at:    func(r int) operand.Mem { return operand.Mem{Base: at, Disp: r * t.size} },
		next:  func() { build.ADDQ(lda, at) },
		reset: func() { build.MOVQ(a, at) },
		tile:  func(rows int) { build.ADDQ(operand.I32(rows*t.size), a) },
	}
}

// tiles writes a loop over tiles of t.rows rows and one shorter tile for what is
// left of the rows. end is called with the sums of a tile, rows x vecs.
func (t target) tiles(a access, end func(label func(string, ...any) string, acc [][]reg.VecVirtual), next func(rows int)) {
	rows, k, panel := pointer("rows"), pointer("k"), pointer("panel")
	at, left := build.GP64(), build.GP64()
	tile := func(rows int) {
		label := labels("rows" + string(rune('0'+rows)))
		acc := make([][]reg.VecVirtual, rows)
		for r := range acc {
			acc[r] = make([]reg.VecVirtual, t.vecs)
			for v := range acc[r] {
				acc[r][v] = t.vector()
				t.zero(acc[r][v])
			}
		}
		a.reset()
		build.MOVQ(panel, at)
		build.MOVQ(k, left)
		build.Label(label("step"))
		p := make([]reg.VecVirtual, t.vecs)
		for v := range p {
			p[v] = t.vector()
			t.load(operand.Mem{Base: at, Disp: v * t.bytes()}, p[v])
		}
		for r := range acc {
			b := t.vector()
			t.broadcast(a.at(r), b)
			for v := range p {
				t.fma(p[v], b, acc[r][v])
			}
		}
		a.next()
		build.ADDQ(operand.I32(t.vecs*t.bytes()), at)
		build.DECQ(left)
		build.JNZ(operand.LabelRef(label("step")))
		end(label, acc)
	}
	build.Label("tile")
	build.CMPQ(rows, operand.I32(t.rows))
	build.JLT(operand.LabelRef("tail"))
	tile(t.rows)
	a.tile(t.rows)
	next(t.rows)
	build.SUBQ(operand.I32(t.rows), rows)
	build.JMP(operand.LabelRef("tile"))
	build.Label("tail")
	for r := t.rows - 1; r > 0; r-- {
		label := labels("rows" + string(rune('0'+r)))
		build.CMPQ(rows, operand.I32(r))
		build.JNE(operand.LabelRef(label("not")))
		tile(r)
		ret()
		build.Label(label("not"))
	}
	ret()
}

// mul writes a product with a panel.
func (t target) mul(name string, left func() access) {
	t.function(name, "rows, k int, a *T, lda int, panel, c *T, ldc int, add bool")
	build.Doc(t.symbol(name) + " is Kernels." + map[string]string{"mulN": "MulN", "mulT": "MulT"}[name] + ".")
	a := left()
	c, ldc := pointer("c"), t.stride("ldc")
	t.tiles(a, func(label func(string, ...any) string, acc [][]reg.VecVirtual) {
		flag, at := build.GP8(), build.GP64()
		build.Load(build.Param("add"), flag)
		build.MOVQ(c, at)
		build.TESTB(flag, flag)
		build.JZ(operand.LabelRef(label("set")))
		for r := range acc {
			for v, sum := range acc[r] {
				t.add(operand.Mem{Base: at, Disp: v * t.bytes()}, sum, sum)
			}
			if r < len(acc)-1 {
				build.ADDQ(ldc, at)
			}
		}
		build.MOVQ(c, at)
		build.Label(label("set"))
		for r := range acc {
			for v, sum := range acc[r] {
				t.store(sum, operand.Mem{Base: at, Disp: v * t.bytes()})
			}
			if r < len(acc)-1 {
				build.ADDQ(ldc, at)
			}
		}
	}, func(rows int) {
		for range rows / 2 {
			build.LEAQ(operand.Mem{Base: c, Index: ldc, Scale: 2}, c)
		}
	})
}

// forward writes a product with a panel whose masked row sums are all that is
// kept.
func (t target) forward() {
	t.function("forward", "rows, k int, a *T, lda int, panel *T, masks *byte, sums *T")
	build.Doc(t.symbol("forward") + " is Kernels.Forward.")
	a := t.byRows()
	masks, sums := pointer("masks"), pointer("sums")
	t.tiles(a, func(_ func(string, ...any) string, acc [][]reg.VecVirtual) {
		for r := range acc {
			m := operand.Mem{Base: masks, Disp: r * t.maskBytes()}
			if t.masks {
				s := operand.Mem{Base: sums, Disp: r * t.bytes()}
				sum := t.vector()
				t.load(s, sum)
				for v, x := range acc[r] {
					pick[op](t, build.VADDPD, build.VADDPS)(x, sum, t.bits(m, v), sum)
				}
				t.store(sum, s)
				continue
			}
			for v, x := range acc[r] {
				s := operand.Mem{Base: sums, Disp: (r*t.vecs + v) * t.bytes()}
				t.and(t.mask(m, v), x, x)
				t.add(s, x, x)
				t.store(x, s)
			}
		}
	}, func(rows int) {
		build.ADDQ(operand.I32(rows*t.maskBytes()), masks)
		build.ADDQ(operand.I32(rows*t.sumBytes()), sums)
	})
}

// sumBytes is the size of the partial sums of one row: one register, and for
// AVX2 two.
func (t target) sumBytes() int {
	if t.masks {
		return t.bytes()
	}
	return t.vecs * t.bytes()
}
