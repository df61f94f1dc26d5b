package datasets_test

import (
	"encoding/json"
	"fmt"
	"log"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/convexnn/convexnn/datasets"
)

func ExampleRead() {
	const csv = `city;area;rooms;price
Basel;52.5;2;410
Bern;?;4;690
Basel;71;3;555
`
	t, err := datasets.Read(strings.NewReader(csv), "flats.csv", datasets.ReadOptions{
		Missing: datasets.MissingDrop,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(t.Rows(), "rows,", t.Dropped, "dropped")
	for j := range t.NumColumns() {
		c := t.At(j)
		fmt.Println(c.Name, c.Kind, c.Text(1))
	}

	_, err = datasets.Read(strings.NewReader(csv), "flats.csv", datasets.ReadOptions{})
	fmt.Println(err)
	// Output:
	// 2 rows, 1 dropped
	// city categorical Basel
	// area numeric 71
	// rooms numeric 3
	// price numeric 555
	// missing value: flats.csv line 3, column "area" has no value; use --missing drop to leave out such rows, --missing mean to fill them in, or --skip area
}

func ExamplePreprocessor() {
	t, err := datasets.Load("breast-cancer", 0)
	if err != nil {
		log.Fatal(err)
	}
	strata, err := t.Strata("diagnosis", datasets.TaskAuto)
	if err != nil {
		log.Fatal(err)
	}
	train, test, err := datasets.Split(strata, t.Rows(), 0.2, 1)
	if err != nil {
		log.Fatal(err)
	}
	pre, _, err := datasets.Fit(t, train, datasets.FitOptions{
		Target: "diagnosis", Standardize: true, Bias: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	x, err := pre.Transform(t)
	if err != nil {
		log.Fatal(err)
	}
	rows, cols := x.Dims()
	negative, positive := pre.Labels()
	fmt.Println(len(train), "training rows,", len(test), "test rows")
	fmt.Printf("%d×%d matrix, -1 is %s, +1 is %s\n", rows, cols, negative, positive)
	// Output:
	// 455 training rows, 114 test rows
	// 569×31 matrix, -1 is benign, +1 is malignant
}

// A model file stores the preprocessor as JSON. A prediction reads its table with
// the types of the training table, whatever the order of the columns.
func ExamplePreprocessor_ReadOptions() {
	train, err := datasets.Read(strings.NewReader("wood,load,bend\noak,1,2\npine,3,7\noak,5,9\n"),
		"train.csv", datasets.ReadOptions{})
	if err != nil {
		log.Fatal(err)
	}
	pre, _, err := datasets.Fit(train, []int{0, 1, 2}, datasets.FitOptions{Target: "bend", Bias: true})
	if err != nil {
		log.Fatal(err)
	}
	file, err := json.Marshal(pre)
	if err != nil {
		log.Fatal(err)
	}

	var loaded datasets.Preprocessor
	if err := json.Unmarshal(file, &loaded); err != nil {
		log.Fatal(err)
	}
	t, err := datasets.Read(strings.NewReader("load,note,wood\n2,,pine\n4,wet,oak\n"),
		"new.csv", loaded.ReadOptions(datasets.ReadOptions{}, false))
	if err != nil {
		log.Fatal(err)
	}
	x, err := loaded.Transform(t)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(loaded.FeatureNames())
	fmt.Println(mat.Formatted(x))
	// Output:
	// [wood=pine load (bias)]
	// ⎡1  2  1⎤
	// ⎣0  4  1⎦
}

func ExampleSplit() {
	classes := []int{0, 0, 0, 0, 1, 1, 1, 1}
	train, test, err := datasets.Split(classes, len(classes), 0.25, 7)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(train), len(test), "one of each class:", test[0] < 4 && test[1] >= 4)
	// Output: 6 2 one of each class: true
}
