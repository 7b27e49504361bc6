// Charts of the report. Everything they show is in the element "report-data".
(function () {
"use strict";

const data = JSON.parse(document.getElementById("report-data").textContent);
const root = document.documentElement;
const axisWidth = 64; // the heat map leaves the same margin, so that times line up
const charts = [];
const dashes = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

function color(name) { return getComputedStyle(root).getPropertyValue(name).trim(); }
function hue(i) { return "--c" + (i % 8); }
function dashOf(i) { return dashes[Math.floor(i / 8) % dashes.length]; }

function text(v) {
	if (v == null) return "–";
	const a = Math.abs(v);
	if (a !== 0 && (a >= 1e7 || a < 1e-4)) return v.toExponential(2);
	return String(+v.toPrecision(4)).replace("-", "−");
}

function times(axis) {
	let at = 0;
	return axis.delta.map(function (d) { at += d; return +(axis.start + at * axis.step).toFixed(9); });
}

function moment(t) {
	if (data.clock !== "calendar") return text(t) + " " + data.unit;
	return new Date(t * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

// days labels a time axis: the time of day, and the date where it changes.
function days(u, at, axis, space, step) {
	let before = "";
	return at.map(function (t) {
		const iso = new Date(t * 1000).toISOString(), date = iso.slice(0, 10);
		const clock = step >= 86400 ? (u.width < 500 ? date.slice(5) : date) : step < 60 ? iso.slice(11, 19) : iso.slice(11, 16);
		const label = step < 86400 && date !== before ? clock + "\n" + date : clock;
		before = date;
		return label;
	});
}

function element(parent, tag, attributes) {
	const e = document.createElement(tag);
	Object.entries(attributes || {}).forEach(function (a) { e.setAttribute(a[0], a[1]); });
	if (parent) parent.appendChild(e);
	return e;
}

// hollow tells whether dots are rings: those that would have a dashed line, for their colour is that of others.
function hollow(line) { return line.dots && line.dash && line.dash.length > 0; }

// roundBelow is the number of one digit that is not above v > 0: where a log axis begins, as its splits go on from there in steps
// of one digit, and would all be odd numbers otherwise.
function roundBelow(v) {
	const unit = Math.pow(10, Math.floor(Math.log10(v)));
	return +(Math.floor(v / unit) * unit).toPrecision(1);
}

// A chart is described by
//   x, time      positions, and whether they are calendar seconds
//   lines        [{name, y, color, dash, width, fill, stepped, dots, hidden, names, fixed}]
//   bands        [[upper, lower]] indices of lines
//   label, names, log, range    of the y axis
//   at           how to write a position
//   marks        [{x, y, color}] rings
//   tick         how to label the x axis, where not by the number itself
//   group        charts of one group zoom together
//   follow       values whose turns decide how much is shown at first; everything without
class Chart {
	constructor(id, spec) {
		this.host = document.getElementById(id);
		this.spec = spec;
		if (!this.host || !spec.x.length) return;
		this.frame();
		charts.push(this);
		this.draw();
		this.open();
		new ResizeObserver(() => this.resize()).observe(this.host);
	}

	frame() {
		const top = element(this.host, "div", { class: "bar-top" });
		element(top, "span", { class: "title" }).textContent = this.spec.label;
		const tools = element(top, "div", { class: "tools" });
		[["←", "move left", () => this.move(-0.25)], ["→", "move right", () => this.move(0.25)],
			["−", "zoom out", () => this.zoom(2)], ["+", "zoom in", () => this.zoom(0.5)],
			["all", "show all", () => this.all()]].forEach(function (t) {
			const b = element(tools, "button", { type: "button", "aria-label": t[1], title: t[1] });
			b.textContent = t[0];
			b.addEventListener("click", t[2]);
		});
		this.area = element(this.host, "div", { tabindex: "0", role: "img", "aria-label": this.host.dataset.label });
		this.area.addEventListener("keydown", (e) => this.key(e));
		this.chips = element(this.host, "div", { class: "chips" });
		this.legend();
	}

	// legend has a switch for every line and shows its value under the cursor.
	legend() {
		this.chips.textContent = "";
		this.outputs = this.spec.lines.map((line, i) => {
			const label = element(this.chips, "label");
			const box = element(label, "input", { type: "checkbox" });
			box.checked = !line.hidden;
			box.addEventListener("change", () => {
				line.hidden = !box.checked;
				this.plot.setSeries(i + 1, { show: box.checked });
			});
			const kind = line.fill ? " area" : hollow(line) ? " dot hollow" : line.dots ? " dot" : line.dash && line.dash.length ? " dashed" : "";
			line.swatch = element(label, "span", { class: "swatch" + kind });
			element(label, "span").textContent = line.name;
			return element(label, "output");
		});
		this.where = element(this.chips, "span", { class: "at" });
	}

	key(e) {
		const act = {
			"+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), "0": () => this.all(),
			ArrowLeft: () => this.move(-0.25), ArrowRight: () => this.move(0.25),
		}[e.key];
		if (!act || e.ctrlKey || e.metaKey || e.altKey) return;
		e.preventDefault();
		act();
	}

	range() { return [this.plot.scales.x.min, this.plot.scales.x.max]; }
	all() { const x = this.plot.data[0]; this.plot.setScale("x", { min: x[0], max: x[x.length - 1] }); }

	// open begins where the truth begins, with a stretch whose turns lie far enough apart to be seen; the rest is where it was.
	open() {
		const s = this.spec, y = s.follow, apart = 16;
		if (!y) return;
		const start = Math.max(y.findIndex((v) => v != null), 0);
		let turns = 0, way = 0, before = null, end = start;
		for (; end < y.length && turns < this.width() / apart; end++) {
			if (y[end] == null) continue;
			const next = before === null ? 0 : Math.sign(y[end] - before);
			if (next && next !== way) { way = next; turns++; }
			before = y[end];
		}
		if (end < y.length * 0.7) this.plot.setScale("x", { min: s.x[start], max: s.x[end] });
	}

	// tell says which stretch is shown to those who do not see it.
	tell() {
		const r = this.range();
		this.area.setAttribute("aria-label", this.host.dataset.label + ", from " + this.spec.at(r[0]) + " to " + this.spec.at(r[1]));
	}

	zoom(factor) {
		const r = this.range(), middle = (r[0] + r[1]) / 2, half = (r[1] - r[0]) / 2 * factor;
		this.show(middle - half, middle + half);
	}

	move(share) {
		const r = this.range(), by = (r[1] - r[0]) * share;
		this.show(r[0] + by, r[1] + by);
	}

	show(low, high) {
		const x = this.plot.data[0], first = x[0], last = x[x.length - 1], width = Math.min(high - low, last - first);
		low = Math.min(Math.max(low, first), last - width);
		this.plot.setScale("x", { min: low, max: low + width });
	}

	// together passes a new range on to the other charts of the group.
	together() {
		if (!this.spec.group || this.passive) return;
		const r = this.range();
		charts.forEach((c) => {
			if (c === this || c.spec.group !== this.spec.group || !c.plot) return;
			const other = c.range();
			if (other[0] === r[0] && other[1] === r[1]) return;
			c.passive = true;
			c.plot.batch(() => c.plot.setScale("x", { min: r[0], max: r[1] }));
			c.passive = false;
		});
	}

	cursor(u) {
		const i = u.cursor.idx;
		this.where.textContent = i == null ? "" : this.spec.at(u.data[0][i]);
		this.outputs.forEach((o, k) => {
			const line = this.spec.lines[k], v = i == null ? null : u.data[k + 1][i];
			o.textContent = v == null || line.hidden ? "" : line.names ? line.names[v] || "" : text(v);
		});
	}

	series(line) {
		const stroke = color(line.color);
		line.swatch.style[line.fill || line.dots && !hollow(line) ? "background" : "borderColor"] = line.fill ? color(line.fill) : stroke;
		return {
			label: line.name, show: !line.hidden, stroke: stroke, width: line.dots ? 0 : line.width || 1.5, dash: line.dash,
			fill: line.fill ? color(line.fill) : undefined, spanGaps: !!line.span,
			paths: line.dots ? () => null : line.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
			points: line.dots ? { show: true, size: 5, width: 1.5, stroke: stroke, fill: hollow(line) ? "transparent" : stroke } : { show: line.y.length < 60, size: 4 },
		};
	}

	axes() {
		const s = this.spec, ink = color("--dim"), grid = { stroke: color("--grid"), width: 1 };
		const base = { stroke: ink, grid: grid, ticks: grid, font: "12px system-ui, sans-serif" };
		const y = Object.assign({}, base, { size: axisWidth });
		if (s.names) {
			y.splits = () => s.names.map((_, i) => i);
			y.values = (u, at) => at.map((v) => s.names[v].length > 9 ? s.names[v].slice(0, 8) + "…" : s.names[v]);
		} else {
			// on a log axis only round numbers are labelled
			y.values = (u, at) => at.map((v) => v == null || s.log && +v.toPrecision(1) !== +v.toPrecision(6) ? "" : text(v));
		}
		// a date is 66 pixels wide, or 32 without its year
		const x = Object.assign({}, base, { size: s.time ? 44 : 28, space: (u) => s.time && u.width >= 500 ? 84 : 56 });
		x.values = s.time ? days : (u, at) => at.map(s.tick || text);
		if (s.whole) x.incrs = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
		return [x, y];
	}

	draw() {
		const s = this.spec;
		const options = {
			width: this.width(), height: s.height || 240, padding: [8, 8, 0, 0],
			legend: { show: false },
			tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "Etc/UTC"),
			scales: { x: { time: !!s.time }, y: s.log ? { distr: 3, range: (u, low, high) => low > 0 ? [roundBelow(low / 1.3), high * 1.3] : [0.1, 1] } : s.range ? { range: s.range } : {} },
			series: [{}].concat(s.lines.map((l) => this.series(l))),
			bands: (s.bands || []).map((b) => ({ series: [b[0] + 1, b[1] + 1], fill: color("--band") })),
			axes: this.axes(),
			cursor: { drag: { x: true, y: false }, sync: s.group ? { key: s.group } : undefined },
			hooks: {
				setCursor: [(u) => this.cursor(u)],
				setScale: [(u, key) => { if (key === "x" && this.plot) { this.together(); this.tell(); } }],
				draw: [(u) => this.rings(u)],
			},
		};
		this.plot = new uPlot(options, [s.x].concat(s.lines.map((l) => l.y)), this.area);
	}

	// rings marks single points, such as the best epoch.
	rings(u) {
		const ratio = u.pxRatio || devicePixelRatio;
		(this.spec.marks || []).forEach(function (m) {
			if (m.y == null) return;
			u.ctx.beginPath();
			u.ctx.arc(u.valToPos(m.x, "x", true), u.valToPos(m.y, "y", true), 6 * ratio, 0, 2 * Math.PI);
			u.ctx.strokeStyle = color(m.color);
			u.ctx.lineWidth = 2 * ratio;
			u.ctx.stroke();
		});
	}

	// redraw starts over with the colours of the moment and keeps the range.
	redraw() {
		const r = this.range();
		this.plot.destroy();
		this.plot = null;
		this.draw();
		this.plot.setScale("x", { min: r[0], max: r[1] });
	}

	replace(spec) {
		this.plot.destroy();
		this.plot = null;
		this.spec = spec;
		this.legend();
		this.draw();
		this.open();
	}

	width() { return Math.max(this.host.clientWidth, 200); }
	resize() { if (this.plot && this.plot.width !== this.width()) this.plot.setSize({ width: this.width(), height: this.plot.height }); }
}

function learning() {
	const runs = data.learning.runs, most = Math.max.apply(null, runs.map((r) => r.epoch[r.epoch.length - 1]));
	const x = Array.from({ length: most }, (_, i) => i + 1);
	const spread = (run, values) => x.map(function (e) { const i = run.epoch.indexOf(e); return i < 0 ? null : values[i]; });
	const at = (e) => "epoch " + e;
	const losses = [], marks = [], scores = [], stars = [];
	runs.forEach(function (run, k) {
		const valid = spread(run, run.valid), score = spread(run, run.metric);
		losses.push({ name: "seed " + run.seed + " train", y: spread(run, run.train), color: hue(k) });
		losses.push({ name: "seed " + run.seed + " validation", y: valid, color: hue(k), dash: [6, 4] });
		scores.push({ name: "seed " + run.seed, y: score, color: hue(k) });
		if (!run.best) return;
		marks.push({ x: run.best, y: valid[run.best - 1], color: hue(k) });
		stars.push({ x: run.best, y: score[run.best - 1], color: hue(k) });
	});
	const log = losses.every((l) => l.y.every((v) => v === null || v > 0));
	new Chart("chart-loss", { x: x, lines: losses, marks: marks, log: log, whole: true, at: at, group: "epochs", label: "loss by epoch" + (log ? " (log scale)" : "") });
	if (data.learning.metric) {
		new Chart("chart-metric", { x: x, lines: scores, marks: stars, whole: true, at: at, group: "epochs", label: data.learning.metric + " on validation, by epoch" });
	}
}

function isTime() { return data.clock === "calendar"; }

// binary shows what was true as a filled step and the probability as a line; wrong rows are dots.
function binary(p, s, x) {
	const probability = s.bands.length ? s.bands[0] : s.value;
	const wrong = s.truth.map((t, i) => t != null && s.value[i] != null && t !== s.value[i] ? probability[i] : null);
	const lines = [
		{ name: p.target + " = " + p.classes[1], y: s.truth, color: "--c2", fill: "--area", stepped: true, width: 1, names: p.classes },
		{ name: s.bands.length ? "predicted probability" : "predicted", y: probability, color: "--c0" },
		{ name: "wrong", y: wrong, color: "--c1", dots: true },
	];
	if (s.bands.length) lines.push({ name: "threshold", y: x.map(() => p.threshold), color: "--c6", dash: [4, 4], width: 1 });
	return { lines: lines, range: [-0.04, 1.04], label: "probability of “" + p.classes[1] + "”" };
}

function classes(p, s) {
	const lines = [
		{ name: "true", y: s.truth, color: "--c2", stepped: true, width: 3, names: p.classes },
		{ name: "predicted", y: s.value, color: "--c0", stepped: true, names: p.classes },
		{ name: "wrong", y: s.truth.map((t, i) => t != null && t !== s.value[i] ? s.value[i] : null), color: "--c1", dots: true, names: p.classes },
	];
	s.bands.forEach((b, k) => lines.push({ name: "P(" + p.classes[k] + ")", y: b, color: hue(k + 3), hidden: true }));
	return { lines: lines, names: p.classes, range: [-0.5, p.classes.length - 0.5], label: p.target };
}

function numbers(p, s) {
	const lines = [
		{ name: "true", y: s.truth, color: "--c2" },
		{ name: "predicted", y: s.value, color: "--c0" },
	];
	s.bands.forEach((b, k) => lines.push({ name: "quantile " + p.levels[k], y: b, color: "--c0", width: 0.75, dash: [3, 3] }));
	const bands = [];
	for (let i = 0; i < Math.floor(s.bands.length / 2); i++) bands.push([2 + s.bands.length - 1 - i, 2 + i]);
	return { lines: lines, bands: bands, label: p.target + (p.unit ? " [" + p.unit + "]" : "") };
}

function predictions() {
	const p = data.predictions;
	const spec = function (s) {
		const x = times(s.time), count = (p.classes || []).length;
		const body = count === 2 ? binary(p, s, x) : count > 2 ? classes(p, s) : numbers(p, s);
		return Object.assign(body, { x: x, time: isTime(), at: moment, height: 300, follow: s.truth.some((v) => v != null) ? s.truth : s.value });
	};
	const chart = new Chart("chart-predictions", spec(p.series[0]));
	const choice = document.getElementById("series-choice");
	if (!choice) return;
	p.series.forEach(function (s, i) { element(choice, "option", { value: i }).textContent = s.name || "series " + (i + 1); });
	choice.addEventListener("change", function () { chart.replace(spec(p.series[+choice.value])); });
}

function activity() {
	const a = data.activity, x = times(a.time);
	const common = { x: x, time: isTime(), at: moment, group: "activity" };
	// the neurons that the output is made of come first: begin with them
	const line = (n, i, y) => ({ name: n.name + (n.role ? " (" + n.role + ")" : ""), y: y, color: hue(i), dash: dashOf(i), hidden: i > 3 });
	new Chart("chart-states", Object.assign({ label: "state", lines: a.neurons.map((n, i) => line(n, i, n.state)) }, common));
	if (a.inputs.length) {
		new Chart("chart-inputs", Object.assign({ label: "inputs, each in its own unit", lines: a.inputs.map((n, i) => ({ name: n.name, y: n.values, color: hue(i), dash: dashOf(i), hidden: i > 0 })) }, common));
	}
	const liquid = a.neurons.map((n, i) => n.tau ? line(n, i, n.tau) : null).filter((l) => l);
	if (liquid.length) {
		new Chart("chart-tau", Object.assign({ label: "effective time constant [" + a.tauUnit + "], log scale", log: true, lines: liquid }, common));
	}
}

// plots are the caller's own; where the x axis is one of logarithms, x are these.
function plots() {
	data.plots.forEach(function (p, k) {
		const at = p.log ? (v) => text(+Math.pow(10, v).toPrecision(3)) : (v) => text(v);
		const lines = p.lines.map((l, i) => ({ name: l.name, y: l.y, color: hue(i), dots: l.dots, hidden: l.hidden, span: true, dash: l.dashed ? [6, 4] : dashOf(i) }));
		const one = p.x.length > 0 && p.x[0] === p.x[p.x.length - 1]; // all points at one place: there must be some width around it
		const x = one ? [p.x[0] - 0.5].concat(p.x, p.x[0] + 0.5) : p.x;
		if (one) lines.forEach(function (l) { l.y = [null].concat(l.y, null); });
		new Chart("chart-plot-" + k, { x: x, lines: lines, whole: !p.log && p.x.every((v) => Number.isInteger(v)), tick: at, at: (v) => p.at + " " + at(v), label: p.label + " against " + p.at + (p.logY ? ", log scale" : ""), log: p.logY, height: 280 });
	});
}

if (data.predictions) predictions();
if (data.learning) learning();
if (data.activity) activity();
if (data.plots) plots();

function recolor() { charts.forEach(function (c) { c.redraw(); }); }
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);
// paper is white: charts are drawn in the colours of the light page for it
addEventListener("beforeprint", function () { root.classList.add("print"); recolor(); });
addEventListener("afterprint", function () { root.classList.remove("print"); recolor(); });
root.setAttribute("data-charts", charts.length);
})();
