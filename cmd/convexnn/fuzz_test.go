package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// FuzzLoadModel checks that a model file either is refused or gives a model that
// can predict and be written again.
func FuzzLoadModel(f *testing.F) {
	network := `"network":{"model":"relu","dim":2,"intercept":0.5,"neurons":[{"weights":[1,-1],"output":2}]}`
	head := `{"format":"convexnn-model","version":1,`
	f.Add([]byte(head + `"preprocessing":null,"matrix":{"bias":true,"task":"regression"},` + network + `}`))
	f.Add([]byte(head + `"matrix":{"bias":false,"task":"classification","negative":"not 1","positive":"1","rest":true},` + network + `}`))
	f.Add([]byte(head + `"preprocessing":{"task":"regression","standardize":true,"bias":true,"impute":false,"features":[{"name":"a","kind":"numeric","outputs":[{"mean":1,"scale":2}]}],"target":{"name":"y","kind":"numeric","mean":0,"scale":1}},` + network + `}`))
	f.Add([]byte(head + `"network":{"model":"gated","dim":1000000000000,"neurons":[]}}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := loadModel(data)
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := m.write(&first); err != nil {
			t.Fatal(err)
		}
		again, err := loadModel(first.Bytes())
		if err != nil {
			t.Fatalf("a model that was read is written as %s: %v", &first, err)
		}
		if err := again.write(&second); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("%s turns into %s: %v", &first, &second, err)
		}
		if m.Network.Dim > 1000 {
			return
		}
		if fill, err := m.predictions(sample{x: mat.NewDense(2, m.Network.Dim, nil)}, true); err == nil {
			if err := fill(&second); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzParseWeights checks that plain weights either are refused or give a network of
// finite weights.
func FuzzParseWeights(f *testing.F) {
	f.Add([]byte(`{"U":[[1,2],[3,4],[5,6]],"alpha":[[1],[2]],"bias":[1,2],"intercept":[3]}`))
	f.Add([]byte(`{"U":[[1]],"alpha":2,"bias":null,"intercept":0.5}`))
	f.Add([]byte(`{"U":[[],[]],"alpha":[]}`))
	f.Add([]byte(`{"U":[[1,null]],"alpha":[[1,2],[3]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := parseWeights(data)
		if err != nil {
			return
		}
		r, c := w.u.Dims()
		for _, columns := range []int{r, c} {
			net, _, err := w.network(columns)
			if err != nil {
				continue
			}
			if _, err := net.MarshalJSON(); err != nil || len(net.Neurons) != len(w.alpha) {
				t.Fatalf("%q gives a bad network: %v", data, err)
			}
		}
	})
}

// FuzzLoadClaim checks that a report either is refused or can be judged.
func FuzzLoadClaim(f *testing.F) {
	head := `{"format":"convexnn-report","certificate":"exact","n":2,"d":1,"beta":0.1,"objective":1,"training_loss":0.5,`
	tail := `"intercept":false,"matrix":{"bias":false,"task":"regression"},"split":{"name":"x","rows":2,"training_rows":2,"test_fraction":0,"seed":1}}`
	f.Add([]byte(head + `"lower_bound":0.5,"relative_gap":0.5,"price":{"value":0.1,"method":"cells"},"dual":[0.1,0.2],` + tail))
	f.Add([]byte(head + `"lower_bound":1e308,"relative_gap":-1e308,"dual":[1e300,-1e300],` + tail))
	f.Add([]byte(head + `"dual":[],` + tail))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := loadClaim(data)
		if err != nil || c.N > 4 || c.D > 4 || c.D < 1 {
			return
		}
		v := verification{claim: c, flags: &verifyFlags{cells: cellFlags{1000}}, objective: 1}
		v.rows = sample{x: mat.NewDense(c.N, c.D, nil), y: make([]float64, c.N)}
		for i := range c.N {
			v.rows.x.Set(i, 0, float64(i+1))
			v.rows.y[i] = float64(1 - i)
		}
		if err := v.run(t.Context()); err != nil {
			return
		}
		if bound := v.proved.LowerBound; v.refuted == "" && !(bound <= 2*float64(c.N*c.N)) {
			t.Fatalf("%s proves %v", data, bound)
		}
		if _, err := json.Marshal(v.report()); err != nil {
			t.Fatal(err)
		}
	})
}
