package export

// Golden is the series of a self-test, longer.
var Golden = golden
