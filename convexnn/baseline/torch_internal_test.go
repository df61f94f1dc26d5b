package baseline

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/convexnn"
)

// torchRun is a training by PyTorch, made by bench/oracles/torch_traces.py.
type torchRun struct {
	Optimizer, Schedule string
	Rate, Beta          float64
	Batch, Epochs       int
	Intercept           bool
	X                   [][]float64
	Y                   []float64
	Start, End          torchWeights
	Orders              [][]int
	Values              []float64
}

type torchWeights struct {
	U     [][]float64
	Alpha []float64
	B     float64
}

func (w torchWeights) network() *convexnn.Network {
	net := &convexnn.Network{Dim: len(w.U[0]), Intercept: w.B}
	for j, u := range w.U {
		net.Neurons = append(net.Neurons, convexnn.Neuron{Weights: u, Output: w.Alpha[j]})
	}
	return net
}

// mean is the objective that the steps of a run go down, by its definition.
func (r torchRun) mean(net *convexnn.Network, rows []int) float64 {
	sum := 0.0
	for _, i := range rows {
		f, err := net.Predict(mat.NewDense(1, net.Dim, r.X[i]))
		if err != nil {
			panic(err)
		}
		sum += (f[0] - r.Y[i]) * (f[0] - r.Y[i]) / 2 / float64(len(rows))
	}
	for _, h := range net.Neurons {
		for _, v := range append(h.Weights[:len(h.Weights):len(h.Weights)], h.Output) {
			sum += r.Beta / float64(len(r.Y)) / 2 * v * v
		}
	}
	return sum
}

// A recorder looks at the weights before each step.
type recorder struct {
	stepper
	look func(w []float64)
}

func (r recorder) step(w, g []float64, rate float64) {
	r.look(w)
	r.stepper.step(w, g, rate)
}

// Every step is that of PyTorch.
func TestAgainstTorch(t *testing.T) {
	data, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Runs []torchRun }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Runs) != 16 {
		t.Fatalf("%d runs", len(file.Runs))
	}
	for _, r := range file.Runs {
		t.Run(fmt.Sprintf("%s %s batch %d", r.Optimizer, r.Schedule, r.Batch), r.replay)
	}
}

func (r torchRun) replay(t *testing.T) {
	const tol = 1e-9
	optimizer, err := ParseOptimizer(r.Optimizer)
	if err != nil {
		t.Fatal(err)
	}
	schedule, err := ParseSchedule(r.Schedule)
	if err != nil {
		t.Fatal(err)
	}
	x := mat.NewDense(len(r.X), len(r.X[0]), nil)
	for i, row := range r.X {
		x.SetRow(i, row)
	}
	tr, err := newTraining(x, r.Y, Settings{
		Optimizer: optimizer, Schedule: schedule, Rate: r.Rate, Beta: r.Beta, Batch: r.Batch, Epochs: r.Epochs, Intercept: r.Intercept,
		Start: r.Start.network(),
	})
	if err != nil {
		t.Fatal(err)
	}
	epoch := 0
	tr.shuffle = func(_ *rand.Rand, rows []int) {
		copy(rows, r.Orders[epoch])
		epoch++
	}
	q := tr.newRun(0)
	perEpoch, step := len(r.Values)/r.Epochs, 0
	q.stepper = recorder{q.stepper, func(w []float64) {
		order := r.Orders[step/perEpoch]
		rows := order[(step%perEpoch)*tr.Batch : min((step%perEpoch+1)*tr.Batch, len(order))]
		if got := r.mean(tr.shape.network(w), rows); math.Abs(got-r.Values[step]) > tol*r.Values[step] {
			t.Errorf("step %d: objective %.15g, PyTorch's is %.15g", step, got, r.Values[step])
		}
		step++
	}}
	if status, err := q.train(context.Background()); status != Done || err != nil {
		t.Fatalf("%v, %v", status, err)
	}
	if step != len(r.Values) {
		t.Errorf("%d steps, PyTorch took %d", step, len(r.Values))
	}
	got, want := q.w, tr.shape.from(r.End.network())
	for k := range want {
		if math.Abs(got[k]-want[k]) > tol*(1e-2+math.Abs(want[k])) {
			t.Errorf("weight %d ends at %.15g, PyTorch's at %.15g", k, got[k], want[k])
		}
	}
}
