package export

import (
	_ "embed"
	"encoding/base64"
	"strings"

	"github.com/elegans-nn/elegans/model"
)

// loaderText is what a page or a program of node loads a module with; pageText is the page, without it.
var (
	//go:embed page/loader.js
	loaderText string
	//go:embed page/page.html
	pageText string
)

// Page prints what steps a model in a browser: NAME.wasm as WebAssembly does; NAME.mjs, a loader that browsers and node import;
// and index.html, a page with a slider for each input and traces of outputs and states. The page holds the other two, needs
// no server and asks for nothing from anywhere. The error is that of WebAssembly.
func Page(m *model.Model, o Options) (*Printed, error) {
	p, err := WebAssembly(m, o)
	if err != nil {
		return nil, err
	}
	page := strings.NewReplacer("NAME", o.Name, "LOADER", strings.ReplaceAll(loaderText, "export async", "async"),
		"MODULE", base64.StdEncoding.EncodeToString(p.Files[0].Data)).Replace(pageText)
	p.Files = append(p.Files, File{o.Name + ".mjs", []byte(loaderText)}, File{"index.html", []byte(page)})
	return p, nil
}
