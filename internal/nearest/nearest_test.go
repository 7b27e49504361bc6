package nearest

import "testing"

func TestName(t *testing.T) {
	known := []string{"Temperature", "Humidity", "Light", "CO2", "HumidityRatio"}
	for name, want := range map[string]string{"temperature": "Temperature", "Temprature": "Temperature", "Humidty": "Humidity",
		"lihgt": "Light", "CO": "CO2", "pressure": "", "x": "", "HumidityRatios": "HumidityRatio"} {
		if got := Name(name, known); got != want {
			t.Errorf("Name(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"flaw", "lawn", 2}, {"é", "e", 1}, {"same", "same", 0}} {
		if got := Edits(c.a, c.b); got != c.want {
			t.Errorf("Edits(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Edits(c.b, c.a); got != c.want {
			t.Errorf("Edits(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
