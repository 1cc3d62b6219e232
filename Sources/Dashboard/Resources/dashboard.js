"use strict";
// Draws what the coordinator says of itself. Every text from outside becomes a text node, never markup.

const byId = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, children = []) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function shape(name, attributes = {}, children = []) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Numbers as people read them.

function short(value) {
  if (value === null || value === undefined || !isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) return value.toExponential(2);
  return size >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(4)));
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}

const percent = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "–");

// The state of the cluster, and of its searches: what was heard last.

let cluster = null, search = null;

function showCluster(now) {
  cluster = now;
  document.title = `${now.study} – Sentei`;
  byId("study").textContent = now.study;
  byId("run").textContent = `run ${now.run}, start ${now.epoch}`;
  const isTraining = now.phase === "training";
  byId("phase").textContent = isTraining
    ? `training: ${now.trainedEpochs.toFixed(1)} of ${now.epochs} epochs`
    : now.phase === "searching" ? `searching: generation ${now.generation} of ${now.generations}`
    : now.phase === "comparing" ? `comparing: network ${now.generation} of ${now.generations}` : now.phase;
  const bar = byId("progress");
  bar.max = Math.max(1, isTraining ? now.epochs : now.generations);
  bar.value = now.phase === "finished" ? bar.max : isTraining ? now.trainedEpochs : now.generation;
  showTiles();
  showWorkers(now.workers);
}

function showTiles() {
  const now = cluster;
  if (!now) return;
  const lanes = now.workers.filter((worker) => worker.condition !== "disconnected");
  const tiles = [
    ["best so far", now.best ?? "–"],
    ["evaluations", short(now.evaluations)],
    ["evaluations a second", short(now.evaluationsPerSecond)],
    ["time left", duration(now.eta)],
    ["workers and lanes", `${lanes.length} / ${lanes.reduce((sum, worker) => sum + worker.lanes, 0)}`],
    ["jobs waiting / leased", `${now.jobs.waiting} / ${now.jobs.leased}`],
    ["cache hits", search ? percent(search.cacheHits, search.trials) : "–"],
    ["up for", duration(now.uptime)],
  ];
  byId("tiles").replaceChildren(
    ...tiles.map(([name, value]) =>
      element("div", {}, [element("dt", {}, [name]), element("dd", {}, [String(value)])])));
}

function showWorkers(workers) {
  const rows = workers.map((worker) => element("tr", {}, [
    element("td", {}, [worker.name]),
    element("td", { "data-state": worker.condition }, [worker.condition]),
    ...[worker.lanes, worker.jobs, duration(worker.oldestLease), short(worker.perSecond), short(worker.facts),
      `${duration(worker.silence)} ago`].map((value) => element("td", {}, [String(value)])),
  ]));
  const none = element("tr", {}, [element("td", { colspan: 8 }, ["no worker is known"])]);
  byId("workers").tBodies[0].replaceChildren(...(rows.length ? rows : [none]));
}

// Runs that are finished, this one among them when it is: a line for each of their searches.

async function showRuns() {
  const answer = await fetch("runs.json");
  if (!answer.ok) return;
  const rows = (await answer.json()).flatMap((run) => {
    const summary = run.summary;
    const column = (row, name) => row[summary.columns.indexOf(name)] ?? "–";
    const searches = summary.rows.filter((row) => summary.searches.includes(row[0]));
    return (searches.length ? searches : summary.rows).map((row, index) => element("tr", {}, [
      element("td", {}, [index === 0 ? `${run.directory} (${summary.study})` : ""]),
      element("td", {}, [row[0] === summary.chosen ? `${row[0]} (best on validation)` : row[0]]),
      ...["real_compression", "theoretical_speedup", "dense_acc1", "post_acc1", "evaluations"].map((name) =>
        element("td", {}, [column(row, name)])),
      element("td", {}, [index === 0 ? new Date(run.finished * 1000).toLocaleString() : ""]),
    ]));
  });
  const none = element("tr", {}, [element("td", { colspan: 8 }, ["none in this run's folder"])]);
  byId("runs").tBodies[0].replaceChildren(...(rows.length ? rows : [none]));
}

// Charts.

let clips = 0;
const WIDTH = 460, HEIGHT = 252, LEFT = 52, RIGHT = 10, TOP = 20, BOTTOM = 34;
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "1 3", "10 4"];
const colour = (index) => `var(--series-${index % 6})`;

function ticks(low, high, isLog) {
  if (isLog) {
    const from = Math.ceil(Math.log10(low) - 1e-9), to = Math.floor(Math.log10(high) + 1e-9);
    const step = Math.max(1, Math.ceil((to - from + 1) / 6));
    const out = [];
    for (let power = from; power <= to; power += step) out.push(10 ** power);
    return out.length > 1 ? out : [low, high];
  }
  const rough = (high - low) / 5;
  const base = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * base).find((size) => size >= rough);
  const first = Math.ceil(low / step) * step;
  // Counted, since a range of a few last bits has steps that add nothing.
  const count = Math.max(1, Math.min(7, Math.floor((high - first) / step + 1e-6) + 1));
  return Array.from({ length: count }, (_, index) => first + index * step);
}

function scale(values, from, to, isLog) {
  let low = Math.min(...values), high = Math.max(...values);
  if (!(low < high)) [low, high] = isLog ? [low / 2, high * 2] : [low - Math.abs(low) * 0.05 - 0.5e-3, high + Math.abs(high) * 0.05 + 0.5e-3];
  const position = isLog ? Math.log10 : (value) => value;
  const place = (value) => from + ((position(value) - position(low)) / (position(high) - position(low))) * (to - from);
  return { place, ticks: ticks(low, high, isLog) };
}

// A line chart. series: { name, points: [[x, y]], isMarked, isQuiet, dash, tone }; rules: { name, value }. Quiet lines and
// rules do not stretch the drawing: what is outside of it is cut off, or in the legend alone.
function chart(title, { x, y, isLogX, isReversedX, series, rules = [], note }) {
  const points = series.filter((line) => !line.isQuiet).flatMap((line) => line.points);
  if (points.length === 0) return null;
  const across = scale(points.map((point) => point[0]), isReversedX ? WIDTH - RIGHT : LEFT, isReversedX ? LEFT : WIDTH - RIGHT, isLogX);
  const values = points.map((point) => point[1]);
  const reach = Math.max(...values) - Math.min(...values);
  const isNear = (value) => value >= Math.min(...values) - reach && value <= Math.max(...values) + reach;
  const near = rules.filter((rule) => isNear(rule.value));
  const up = scale(values.concat(near.map((rule) => rule.value)), HEIGHT - BOTTOM, TOP + 6, false);
  const drawing = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary(title, x, y, series) });
  for (const value of up.ticks) {
    const height = up.place(value);
    drawing.append(shape("path", { class: "axis", d: `M${LEFT} ${height}H${WIDTH - RIGHT}` }));
    drawing.append(shape("text", { x: LEFT - 6, y: height + 4, "text-anchor": "end" }, [short(value)]));
  }
  for (const value of across.ticks) {
    const place = across.place(value);
    const anchor = place > WIDTH - 30 ? "end" : place < LEFT + 8 ? "start" : "middle";
    drawing.append(shape("text", { x: place, y: HEIGHT - BOTTOM + 16, "text-anchor": anchor }, [short(value)]));
  }
  drawing.append(shape("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, [x]));
  drawing.append(shape("text", { x: 4, y: 12 }, [y]));
  const legend = [];
  const clip = `clip-${clips++}`;
  drawing.append(shape("clipPath", { id: clip }, [
    shape("rect", { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - BOTTOM - TOP })]));
  rules.forEach((rule, index) => {
    const dash = DASHES[1 + (index % 5)];
    if (!near.includes(rule)) {
      legend.push(element("li", {}, [`${rule.name} ${short(rule.value)} (outside)`]));
      return;
    }
    drawing.append(shape("path", { class: "rule", "stroke-dasharray": dash, d: `M${LEFT} ${up.place(rule.value)}H${WIDTH - RIGHT}` }));
    legend.push(key(`${rule.name} ${short(rule.value)}`, "var(--soft)", dash));
  });
  series.forEach((line) => {
    const path = line.points.map(([a, b], index) => `${index ? "L" : "M"}${across.place(a).toFixed(1)} ${up.place(b).toFixed(1)}`).join("");
    if (line.isMarked) {
      for (const [a, b] of line.points) drawing.append(shape("circle", { cx: across.place(a), cy: up.place(b), r: 2.6, fill: line.tone }));
    }
    drawing.append(shape("path", {
      class: line.isQuiet ? "quiet" : "series", stroke: line.tone, "stroke-dasharray": line.dash, d: path, "clip-path": `url(#${clip})`,
    }));
    if (!line.isQuiet) legend.push(key(line.name, line.tone, line.dash));
  });
  return element("figure", {}, [
    element("figcaption", {}, [title]), drawing, element("ul", { class: "legend" }, legend),
    ...(note ? [element("p", { class: "note" }, [note])] : []), table(x, series),
  ]);
}

function key(name, tone, dash) {
  const sample = shape("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, [
    shape("path", { class: "series", stroke: tone, "stroke-dasharray": dash, d: "M0 5H26" })]);
  return element("li", {}, [sample, name]);
}

function summary(title, x, y, series) {
  const ends = series.filter((line) => line.points.length && !line.isQuiet).map((line) => {
    const last = line.points[line.points.length - 1];
    return `${line.name}: ${short(last[1])} at ${x} ${short(last[0])}`;
  });
  return `${title}: ${y} by ${x}. ${ends.join("; ")}`;
}

// The same in numbers, for who cannot see the drawing; the last twenty of each line.
function table(x, series) {
  const rows = series.flatMap((line) => line.points.slice(-20).map(([a, b]) =>
    element("tr", {}, [element("td", {}, [line.name]), element("td", {}, [short(a)]), element("td", {}, [short(b)])])));
  const head = element("tr", {}, ["line", x, "value"].map((name) => element("th", { scope: "col" }, [name])));
  const body = element("table", {}, [element("thead", {}, [head]), element("tbody", {}, rows)]);
  return element("details", {}, [
    element("summary", {}, ["numbers"]), element("div", { class: "scroll", tabindex: 0 }, [body])]);
}

function showSearch(now) {
  search = now;
  showTiles();
  const box = byId("charts");
  const known = new Map([...box.children].map((figure) => [figure.firstChild.textContent, figure]));
  const fresh = [fitness(now), front(now), ...now.acceptance.map(acceptance), layers(now), picture(now)].filter(Boolean);
  const figures = fresh.map((figure) => renewed(known.get(figure.firstChild.textContent), figure));
  if (figures.length !== box.children.length || figures.some((figure, index) => box.children[index] !== figure)) {
    box.replaceChildren(...figures);
  }
}

// A figure with new content. Its numbers stay where they are, with all who read them: focus, scroll, what is open.
function renewed(old, figure) {
  if (!old) return figure;
  const kept = old.querySelector("details"), fresh = figure.querySelector("details");
  if (!kept || !fresh) {
    old.replaceChildren(...figure.childNodes);
    return old;
  }
  kept.querySelector("tbody").replaceWith(fresh.querySelector("tbody"));
  while (old.firstChild !== kept) old.firstChild.remove();
  kept.before(...[...figure.childNodes].filter((node) => node !== fresh));
  return old;
}

function fitness(now) {
  const objective = now.objectives[0];
  if (!objective) return null;
  // Rivals are compared at equal numbers of trials, whatever each calls a generation.
  const areRivals = new Set(now.lines.map((line) => line.generationSize)).size > 1;
  const across = (line, generation) => areRivals ? (generation + 1) * line.generationSize : generation;
  const series = now.lines.flatMap((line, index) => [
    {
      name: line.name, tone: colour(index), dash: DASHES[Math.floor(index / 6) % 6],
      points: soFar(line, objective).map(([generation, best]) => [across(line, generation), best]),
    },
    {
      name: `${line.name}, mean`, tone: colour(index), dash: "1 2", isQuiet: true,
      points: line.points.filter((point) => typeof point.mean === "number").map((point) => [across(line, point.generation), point.mean]),
    },
  ]).filter((line) => line.points.length);
  const x = areRivals ? "trials" : "generation";
  return chart(`Best ${objective.name} by ${x} (${objective.isLargerBetter ? "larger" : "smaller"} is better)`, {
    x, y: objective.name, series, rules: now.baselines,
    note: "Lines: the best so far. Thin dots in their colours: the mean of a generation.",
  });
}

function soFar(line, objective) {
  let best = null;
  return line.points.flatMap((point) => {
    if (typeof point.best !== "number") return [];
    if (best === null || (objective.isLargerBetter ? point.best > best : point.best < best)) best = point.best;
    return [[point.generation, best]];
  });
}

function front(now) {
  if (now.objectives.length < 2) return null;
  const series = now.fronts.filter((line) => line.points.length).map((line, index) => ({
    name: line.name, tone: colour(index), dash: DASHES[index % 6], isMarked: true,
    points: line.points.map((point) => [point[1], point[0]]).sort((a, b) => a[0] - b[0]),
  }));
  return chart("Pareto front", { x: now.objectives[1].name, y: now.objectives[0].name, series });
}

function acceptance(line, index) {
  const points = line.temperatures.map((temperature, place) => [temperature, line.rates[place]]).filter(([a]) => a > 0);
  return chart(`${line.name}: accepted moves by temperature`, {
    x: "temperature (hot to cold)", y: "accepted", isLogX: true, isReversedX: true,
    series: [{ name: line.name, tone: colour(index), dash: "", isMarked: points.length < 60, points }],
  });
}

function layers(now) {
  if (!now.layers.length) return null;
  const rows = now.layers.flatMap((layer) => {
    const share = percent(layer.kept, layer.size);
    return [
      element("dt", {}, [layer.name]),
      element("dd", {}, [element("meter", { min: 0, max: layer.size, value: layer.kept, "aria-label": `${layer.name} keeps ${share}` })]),
      element("dd", {}, [`${share} of ${short(layer.size)}`]),
    ];
  });
  return element("figure", {}, [
    element("figcaption", {}, ["Weights that the best network keeps, by layer"]), element("dl", { class: "bars" }, rows)]);
}

function picture(now) {
  const image = now.picture;
  if (!image) return null;
  const peak = Math.max(1, ...image.kept);
  const label = `Kept weights of ${image.layer} by input: at most ${peak} of ${image.most} at one input`;
  const drawing = shape("svg", { class: "mask", viewBox: `0 0 ${image.width} ${image.height}`, role: "img", "aria-label": label });
  image.kept.forEach((count, index) => {
    if (count === 0) return;
    drawing.append(shape("rect", {
      x: index % image.width, y: Math.floor(index / image.width), width: 1, height: 1,
      fill: `rgba(var(--heat), ${(count / peak).toFixed(3)})`,
    }, [shape("title", {}, [`row ${Math.floor(index / image.width)}, column ${index % image.width}: ${count} of ${image.most}`])]));
  });
  return element("figure", {}, [
    element("figcaption", {}, [`Where ${image.layer} of the best network looks`]), drawing,
    element("p", { class: "note" }, [`Kept weights at each input; the darkest has ${peak} of ${image.most}.`])]);
}

// The log: follows its end while that is in sight.

function showLog(lines) {
  const log = byId("log");
  const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  const all = log.textContent.split("\n").filter(Boolean).concat(lines).slice(-200);
  log.textContent = all.join("\n");
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function link(state, words) {
  byId("link").dataset.state = state;
  byId("link").textContent = words;
}

function listen() {
  const events = new EventSource("events");
  let hasEnded = false;
  events.addEventListener("open", () => {
    byId("log").textContent = "";
    link("live", "live");
    showRuns();
  });
  events.addEventListener("error", () => {
    if (hasEnded) return;
    link("lost", "no connection; trying again");
    // After any answer but a stream of events the browser itself tries no more.
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  });
  events.addEventListener("cluster", (event) => showCluster(JSON.parse(event.data)));
  events.addEventListener("search", (event) => showSearch(JSON.parse(event.data)));
  events.addEventListener("log", (event) => showLog(JSON.parse(event.data)));
  events.addEventListener("runs", showRuns);
  events.addEventListener("end", () => {
    hasEnded = true;
    events.close();
    link("lost", "the coordinator has stopped");
    // It may be started again.
    setTimeout(listen, 5000);
  });
}

listen();
