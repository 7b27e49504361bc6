package export

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The messages of ONNX (onnx.proto of ONNX 1.12, IR version 8), as far as printed models need them, each encoded as soon as it
// is complete.
const (
	onnxIR    = 8
	onnxOpset = 17

	onnxFloat  = 1 // TensorProto.DataType
	onnxInt64  = 7
	onnxBool   = 9
	onnxDouble = 11
)

// message is an encoded message that grows by its fields.
type message []byte

func (m *message) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *message) bytes(field protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), b)
}

func (m *message) whole(field protowire.Number, n int) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(n))
}

// attribute is an AttributeProto.
type attribute message

func attributeInt(name string, n int) attribute {
	var m message
	m.text(1, name)
	m.whole(3, n)
	m.whole(20, 2) // INT
	return attribute(m)
}

func attributeInts(name string, list ...int) attribute {
	var m message
	m.text(1, name)
	for _, n := range list {
		m.whole(8, n)
	}
	m.whole(20, 7) // INTS
	return attribute(m)
}

func attributeGraph(name string, graph message) attribute {
	var m message
	m.text(1, name)
	m.bytes(6, graph)
	m.whole(20, 5) // GRAPH
	return attribute(m)
}

// onnxNode is a NodeProto.
func onnxNode(kind string, in, out []string, attributes ...attribute) (m message) {
	for _, s := range in {
		m.text(1, s)
	}
	for _, s := range out {
		m.text(2, s)
	}
	m.text(4, kind)
	for _, a := range attributes {
		m.bytes(5, a)
	}
	return m
}

// tensor is a TensorProto without its name, which may be appended.
func tensor(kind int, dims []int, raw []byte) (m message) {
	for _, d := range dims {
		m.whole(1, d)
	}
	m.whole(2, kind)
	m.bytes(9, raw)
	return m
}

func floatTensor(dims []int, values []float32) message {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return tensor(onnxFloat, dims, raw)
}

func intTensor(dims []int, values []int) message {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return tensor(onnxInt64, dims, raw)
}

// onnxPort is a ValueInfoProto: a name, the type of its numbers, and its shape, in which a text is a length that is free.
type onnxPort struct {
	name string
	kind int
	dims []any
	doc  string
}

func (p onnxPort) encode() (m message) {
	var shape, tensorType, valueType message
	for _, d := range p.dims {
		var dim message
		switch d := d.(type) {
		case int:
			dim.whole(1, d)
		case string:
			dim.text(2, d)
		}
		shape.bytes(1, dim)
	}
	tensorType.whole(1, p.kind)
	tensorType.bytes(2, shape)
	valueType.bytes(1, tensorType)
	m.text(1, p.name)
	m.bytes(2, valueType)
	if p.doc != "" {
		m.text(3, p.doc)
	}
	return m
}

// onnxGraph is a GraphProto.
type onnxGraph struct {
	name         string
	nodes        []message
	initializers []message
	in, out      []onnxPort
}

func (g *onnxGraph) encode() (m message) {
	for _, n := range g.nodes {
		m.bytes(1, n)
	}
	m.text(2, g.name)
	for _, t := range g.initializers {
		m.bytes(5, t)
	}
	for _, p := range g.in {
		m.bytes(11, p.encode())
	}
	for _, p := range g.out {
		m.bytes(12, p.encode())
	}
	return m
}

// onnxModel is a ModelProto with one property besides.
func onnxModel(g *onnxGraph, doc, key, value string) (m message) {
	m.whole(1, onnxIR)
	m.text(2, "elegans")
	m.text(6, doc)
	m.bytes(7, g.encode())
	var opset, property message
	opset.text(1, "")
	opset.whole(2, onnxOpset)
	m.bytes(8, opset)
	property.text(1, key)
	property.text(2, value)
	m.bytes(14, property)
	return m
}

func doubleTensor(dims []int, values []float64) message {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return tensor(onnxDouble, dims, raw)
}
