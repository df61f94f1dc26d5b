package main

import (
	"bytes"
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
