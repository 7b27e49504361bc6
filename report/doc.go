// Package report writes one HTML file that tells what was trained, on what, how well, and against whom.
//
// The page is complete in itself: styles, the chart library, data and pictures are inside it, it names its sources in
// plain text, and a content security policy forbids the browser to load anything else. Equal reports give equal bytes;
// nothing on the page depends on the clock, the machine or the time zone (time stamps are written in UTC). Everything but
// the interactive charts works without JavaScript.
//
// The package takes plain numbers and knows no model: the caller fills a Report with what there is, and a part that was
// not filled leaves no trace on the page. Long series are thinned so that every extreme and every gap stays visible, and
// numbers that go to the charts are rounded to what a screen can show.
package report
