"use strict";
const all = JSON.parse(document.getElementById("facts-of-all").textContent);
const byId = (id) => document.getElementById(id);
const CONTOURS = [[0, 16], [17, 21], [22, 26], [27, 30], [31, 35], [36, 41, true], [42, 47, true],
  [48, 59, true], [60, 67, true]];

// Everything from the data set goes through here: children are nodes or become text, never HTML.
function make(tag, attributes, ...children) {
  const element = tag === "svg" || tag === "polyline" || tag === "circle"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// A person's pictures are parsed when they are first needed.
const parsed = new Map();
function tilesOf(person) {
  if (!parsed.has(person)) parsed.set(person, JSON.parse(byId(`person-${person}`).textContent));
  return parsed.get(person);
}

function words(text) { return String(text ?? "not known").replaceAll("_", " "); }
function age(years) {
  if (years === null) return "age not known";
  return years >= 2 ? `${Math.floor(years)} years` : `${(years * 12).toFixed(1)} months`;
}
function score(row) { return row.pspi === null ? "no PSPI" : `PSPI ${row.pspi}`; }

// Filters
const chosen = { sex: new Set(), ethnicity: new Set(), split: new Set(), kind: new Set() };
const kinds = new Set(all.people.flatMap((person) => person.rows.map((row) => row.kind)));
function valuesOf(name) {
  if (name === "kind") return [...kinds].filter((kind) => kind !== "neutral");
  const order = { split: ["train", "val", "test"] }[name];
  const found = new Set(all.people.map((person) => person[name]));
  return order ? order.filter((value) => found.has(value)) : [...found].sort();
}
function chips() {
  for (const name of Object.keys(chosen)) {
    byId(name).replaceChildren(...valuesOf(name).map((value) => {
      const button = make("button", { type: "button", "aria-pressed": "false" }, words(value));
      button.addEventListener("click", () => {
        const on = !chosen[name].has(value);
        on ? chosen[name].add(value) : chosen[name].delete(value);
        button.setAttribute("aria-pressed", on);
        show();
      });
      return button;
    }));
  }
}
function views() {
  const found = [...new Set(all.people.flatMap((person) => person.rows.map((row) => row.view)))];
  found.sort((a, b) => (a ?? -1) - (b ?? -1));
  const known = found.filter((view) => view !== null);
  byId("view").replaceChildren(
    ...known.map((view) => make("option", { value: view }, view === 0 ? "0 (frontal)" : view)),
    make("option", { value: "all" }, "all"));
  byId("view").value = known.length ? String(known[0]) : "all";
}
function number(id, fallback) {
  const value = byId(id).valueAsNumber;
  return Number.isNaN(value) ? fallback : value;
}
function passes(person) {
  const low = number("age-low", -Infinity), high = number("age-high", Infinity);
  if (low > -Infinity || high < Infinity) {
    const years = person.age_years === null ? NaN : Math.floor(person.age_years);
    if (!(years >= low && years <= high)) return false;
  }
  return ["sex", "ethnicity", "split"].every(
    (name) => !chosen[name].size || chosen[name].has(person[name]));
}
function rowsOf(person) {
  const view = byId("view").value;
  const low = number("pspi-low", 0), high = number("pspi-high", 16);
  const seen = person.rows.filter((row) => view === "all" || String(row.view) === view);
  const kept = seen.filter((row) => row.kind !== "neutral"
    && (!chosen.kind.size || chosen.kind.has(row.kind))
    && (row.pspi === null || (row.pspi >= low && row.pspi <= high)));
  if (!kept.length && (seen.some((row) => row.kind !== "neutral") || low > 0)) return [];
  const beside = new Set(kept.map((row) => row.view));
  return seen.filter((row) => kept.includes(row)
    || (row.kind === "neutral" && (!kept.length || beside.has(row.view))));
}

// Rows of people
const visible = [];
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watcher.unobserve(entry.target);
    const tiles = tilesOf(entry.target.dataset.person);
    for (const card of entry.target.querySelectorAll(".card")) {
      const picture = make("img", { alt: "", decoding: "async" });
      picture.src = tiles[card.dataset.key].picture;
      card.querySelector(".frame").replaceChildren(picture);
    }
  }
}, { rootMargin: "600px" });

function card(person, row) {
  const share = row.pspi === null ? 0 : row.pspi / 16;
  const fill = make("span");
  fill.style.width = `${share * 100}%`;
  const label = `${score(row)}, ${row.kind}, view ${row.view ?? "not known"}, ${row.aus || "no action units"}`;
  const button = make("button", { type: "button", class: `card ${row.kind === "neutral" ? "neutral" : ""}`,
    "aria-label": label, title: row.key },
    make("span", { class: "frame" }),
    make("span", { class: "score" }, make("span", {}, score(row)),
      make("span", {}, row.kind === "pain" ? "" : row.kind)),
    make("span", { class: "meter" }, fill),
    make("span", { class: "aus" }, row.aus || " "));
  button.dataset.key = row.key;
  const place = visible.length;
  visible.push({ person, row, button });
  button.addEventListener("click", () => open(place));
  return button;
}
function section(person, index, rows) {
  const tone = person.skin_tone;
  const swatch = make("span", { class: "swatch" });
  if (tone !== null) swatch.style.background = `#${all.monk[tone - 1]}`;
  const fact = (name, ...value) => make("div", {}, make("dt", {}, name), make("dd", {}, ...value));
  const facts = make("dl", {},
    make("div", {}, make("dd", {}, `${age(person.age_years)}, ${words(person.sex)}`)),
    make("div", {}, make("dd", {}, words(person.ethnicity))),
    tone === null ? null : fact("Monk tone", `${tone} `, swatch),
    fact("split", person.split),
    person.environment === null ? null : fact("light", words(person.environment)));
  const part = make("section", { class: "person", "aria-label": person.identity },
    make("div", {}, make("h2", {}, person.identity), facts),
    make("div", { class: "cards" }, ...rows.map((row) => card(index, row))));
  part.dataset.person = index;
  return part;
}
function show() {
  visible.length = 0;
  watcher.disconnect();
  const kept = all.people.map((person) => (passes(person) ? rowsOf(person) : []));
  const longest = Math.max(...kept.map((rows) => rows.length));
  byId("people").style.setProperty("--columns", Math.min(12, Math.max(7, longest)));
  const parts = [];
  kept.forEach((rows, index) => {
    if (rows.length) parts.push(section(all.people[index], index, rows));
  });
  byId("people").replaceChildren(
    ...(parts.length ? parts : [make("p", { class: "empty" }, "Nobody matches these filters.")]));
  parts.forEach((part) => watcher.observe(part));
  byId("matches").value = `${parts.length} people, ${visible.length} pictures`;
}

// Detail
let current = 0;
function overlay(marks) {
  const svg = make("svg", { viewBox: "0 0 1 1", "aria-hidden": "true" });
  const at = (i) => marks.points[i].join(",");
  if (marks.scheme === "ibug68") {
    for (const [first, last, closed] of CONTOURS) {
      const line = [];
      for (let i = first; i <= last; i++) line.push(at(i));
      if (closed) line.push(at(first));
      svg.append(make("polyline", { points: line.join(" ") }));
    }
  }
  marks.points.forEach(([x, y], i) => svg.append(make("circle",
    { cx: x, cy: y, r: .0045, class: marks.visible[i] ? "" : "behind" })));
  return svg;
}
function face(source, title, text, marks) {
  const frame = make("div", { class: "face" }, make("img", { src: source, alt: title }));
  if (marks) frame.append(overlay(marks));
  return make("figure", {}, frame, make("figcaption", {}, make("strong", {}, title), ` ${text}`));
}
function auTable(codes) {
  if (!codes) return make("p", {}, "Not coded.");
  const rows = Object.keys(codes.label).map((name) => {
    const cells = [codes.label[name], codes.left[name], codes.right[name]];
    const row = make("tr", cells[0] ? {} : { class: "off" },
      make("th", { scope: "row" }, `AU${name.slice(2)} ${all.aus[name.slice(2)] ?? ""}`),
      ...cells.map((value) => make("td", { class: "number" }, value === null ? "–" : String(value))));
    return row;
  });
  const head = make("tr", {}, make("th", { scope: "col" }, "unit"),
    ...["label", "left", "right"].map((name) => make("th", { scope: "col", class: "number" }, name)));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}
function degrees(angles) {
  if (!angles) return "not known";
  return Object.entries(angles).map(([name, turn]) => `${name} ${(turn * 180 / Math.PI).toFixed(1)}°`).join(", ");
}
function factTable(record) {
  const light = record.light, person = record.person;
  const rows = [["person", `${age(person.age_years)}, ${words(person.sex)}, ${words(person.ethnicity)}`],
    ["Monk tone", person.skin_tone ?? "not known"], ["split", record.split], ["view", record.view ?? "not known"],
    ["head pose", degrees(record.head_pose)], ["gaze, left eye", degrees(record.gaze && record.gaze.left)],
    ["light", words(light.environment)], ["background", words(record.background.kind)],
    ["label from", words(record.label_source)], ["size", `${record.width} × ${record.height} pixels`],
    ["occluders", record.occluders.join(", ") || "none"], ["neutral", record.neutral_key ?? "none"]];
  return make("table", {}, make("tbody", {}, ...rows.map(([name, value]) => make("tr", {},
    make("th", { scope: "row" }, name), make("td", { class: "facts" }, String(value))))));
}
function open(place) {
  current = place;
  const { person, row } = visible[place];
  const tiles = tilesOf(person), shown = tiles[row.key], record = shown.record;
  const neutral = row.kind === "neutral" ? null : tiles[record.neutral_key];
  byId("detail-title").textContent = `${row.key}: ${score(row)}`;
  const seen = shown.landmarks ? `${shown.landmarks.visible.filter(Boolean).length} of ${shown.landmarks.points.length} visible` : "none";
  byId("pair").replaceChildren(...[
    neutral ? face(neutral.picture, "Neutral", record.neutral_key) : null,
    face(shown.picture, words(row.kind), row.aus),
    face(shown.picture, "Landmarks", seen, shown.landmarks)].filter(Boolean));
  byId("maps").replaceChildren(...shown.maps.map((map) => make("figure", {},
    make("img", { src: map.src, alt: map.title, decoding: "async" }),
    make("figcaption", {}, make("strong", {}, map.title), ` ${map.text}`))));
  byId("aus").replaceChildren(auTable(record.aus[record.label_source]));
  byId("facts").replaceChildren(factTable(record));
  byId("record").textContent = JSON.stringify(record, null, 1);
  const dialog = byId("detail");
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  byId("previous").disabled = place === 0;
  byId("next").disabled = place === visible.length - 1;
  history.replaceState(null, "", `#${encodeURIComponent(row.key)}`);
}
function step(by) {
  const place = current + by;
  if (place >= 0 && place < visible.length) open(place);
}
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
byId("close").addEventListener("click", () => byId("detail").close());
byId("detail").addEventListener("click", (event) => {
  if (event.target === byId("detail")) byId("detail").close();
});
byId("detail").addEventListener("close", () => {
  history.replaceState(null, "", location.pathname + location.search);
  if (visible[current]) visible[current].button.focus();
});
byId("detail").addEventListener("keydown", (event) => {
  if (event.target === byId("record")) return;
  if (event.key === "ArrowLeft") step(-1);
  if (event.key === "ArrowRight") step(1);
});

// Start
function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", dark);
}
theme(matchMedia("(prefers-color-scheme: dark)").matches);
byId("theme").addEventListener("click", () => theme(document.documentElement.dataset.theme !== "dark"));
byId("name").textContent = all.name;
const shownPeople = all.people.length;
byId("summary").textContent = (shownPeople < all.everybody
  ? `${shownPeople} of ${all.everybody} people, spread over the data set: more would make this page too large. `
  : `${shownPeople} people. `) + `${all.pictures} pictures in the data set. `
  + "Each row: the neutral (outlined), then pain by PSPI; 4:3 is AU4 at 3. Open a picture for its maps and labels.";
chips();
views();
byId("filters").addEventListener("input", show);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(() => {
  for (const name of Object.keys(chosen)) chosen[name].clear();
  chips();
  views();
  show();
}));
show();
const wanted = visible.findIndex(({ row }) => `#${encodeURIComponent(row.key)}` === location.hash);
if (wanted >= 0) open(wanted);
