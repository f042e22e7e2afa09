// What the page does beyond being read: sorted and filtered tables, where a number comes from,
// charts, the explorer and the frames of sampling. It computes no statistic: all come with the page.
"use strict";
(() => {
  const MISSING = "–";
  const every = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("page-data")?.textContent ?? "{}");

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  // ---- tables: a button in every heading sorts, a text box hides rows

  // what a cell is sorted by: its data-value, else its text; undefined where it has neither
  function key(cell) {
    const value = cell.dataset.value ?? cell.textContent.trim();
    if (value === "" || value === MISSING) return undefined;
    const number = Number(value.replace(/^−/, "-").replace(/,(?=\d{3})/g, "").split(" [")[0]);
    return Number.isNaN(number) ? value : number;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), undefined, { numeric: true });
  }

  function sort(table) {
    const heads = [...table.tHead.rows[0].cells];
    const column = heads.findIndex((head) => head.hasAttribute("aria-sort"));
    const rows = [...table.tBodies[0].rows];
    rows.forEach((row, place) => (row.dataset.place ??= place));
    rows.sort((a, b) => a.dataset.place - b.dataset.place);
    if (column >= 0) {
      const sign = heads[column].getAttribute("aria-sort") === "ascending" ? 1 : -1;
      const keys = new Map(rows.map((row) => [row, key(row.cells[column])]));
      const [known, unknown] = [true, false].map((is) =>
        rows.filter((row) => (keys.get(row) !== undefined) === is),
      );
      known.sort((a, b) => sign * compare(keys.get(a), keys.get(b)));
      rows.splice(0, rows.length, ...known, ...unknown);
    }
    table.tBodies[0].append(...rows);
  }

  function sortable(table) {
    for (const head of table.tHead.rows[0].cells) {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: null };
        const order = head.hasAttribute("aria-sort")
          ? next[head.getAttribute("aria-sort")]
          : "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        if (order) head.setAttribute("aria-sort", order);
        sort(table);
      });
    }
  }

  // a variant stays in all tables beside the box if its row in any of them has the words
  function filter(box) {
    const words = box.querySelector("input").value.trim().toLowerCase();
    const rows = every("table.sortable > tbody > tr", box.parentElement);
    const nameOf = (row) => row.cells[0].textContent;
    const found = rows.filter((row) => row.textContent.toLowerCase().includes(words));
    const [kept, names] = [found, rows].map((some) => new Set(some.map(nameOf)));
    for (const row of rows) row.hidden = !kept.has(nameOf(row));
    box.querySelector("output").textContent = words ? `${kept.size} of ${names.size}` : "";
  }

  // ---- where a number comes from

  function listed(pairs) {
    const list = make("dl", { class: "facts" });
    for (const [name, text] of pairs.filter(([, text]) => text))
      list.append(make("div", {}, make("dt", {}, name), make("dd", {}, text)));
    return list;
  }

  function tabled(caption, heads, rows, numbers = {}) {
    const row = (tag, scope, [first, ...texts]) =>
      make(
        "tr", {},
        make("th", { scope }, first),
        ...texts.map((text) => make(tag, { ...(tag === "th" ? { scope } : {}), ...numbers }, text)),
      );
    const table = make("table", {}, make("caption", {}, caption));
    table.createTHead().append(row("th", "col", heads));
    table.append(make("tbody", {}, ...rows.map((texts) => row("td", "row", texts))));
    const box = { class: "scroll", tabindex: "0", role: "group", "aria-label": caption };
    return make("div", box, table);
  }

  function placeOf(name) {
    return data.explore.variants.findIndex((variant) => variant.name === name);
  }

  // the differing settings of two variants, as the page's own table of them has it
  function unlike(variant, baseline) {
    const { keys, settings } = data.details;
    const rows = keys.map((name, i) => [name, settings[variant][i], settings[baseline][i]]);
    return rows.filter(([, ours, theirs]) => ours !== theirs);
  }

  function showDetail({ variant, baseline, metric }) {
    const { columns, runs } = data.details;
    const own = runs[variant];
    const measured = data.explore.metrics.find((each) => each.name === metric);
    const [arm, against] = [placeOf(variant), placeOf(baseline)];
    const [label, other] = [arm, against].map((place) => data.explore.variants[place].label);
    const gap = measured.differences[against][arm];
    const mean = measured.means[arm];
    byId("detail-title").textContent = label;
    const rows = own.rows.map(([seed, sample, ...costs], i) => [
      seed, sample, own.values[metric]?.[i] ?? MISSING, ...costs,
    ]);
    const heads = [...columns.slice(0, 2), "Value", ...columns.slice(2)];
    const changed = unlike(variant, baseline);
    byId("detail-content").replaceChildren(
      listed([
        [measured.label, mean ? `${mean[4]}, over ${mean[3]} training seeds` : MISSING],
        [`Difference to ${other}`, gap ? `${gap[5]}: ${data.explore.outcomes[gap[4]]}` : ""],
        ...own.facts,
      ]),
      tabled("Each run, and what it cost", heads, rows, { class: "n" }),
      variant === baseline
        ? make("p", {}, "It is the baseline.")
        : tabled(`Settings in which it differs from ${other}`, ["Setting", label, other], changed),
    );
    byId("detail").showModal();
    byId("detail").scrollTop = 0;
  }

  // a cell whose number opens the dialog
  function openable(cell) {
    const says = `${cell.textContent}: where this number comes from`;
    const button = make("button", { type: "button", class: "number", title: says });
    button.append(...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => showDetail(cell.dataset));
  }

  // ---- charts

  // errors alone are told: a chart whose lines are all hidden is no fault
  const DRAWN = { logLevel: 1, mode: "vega-lite", renderer: "svg", actions: false, tooltip: { theme: "page" } };

  const drawn = new Map();

  async function draw(holder, spec) {
    drawn.get(holder)?.finalize();
    const result = await window.vegaEmbed(holder, spec, DRAWN);
    drawn.set(holder, result);
    return result.view;
  }

  function chartGroup(group) {
    const box = byId(`charts-${group.name}`);
    const boxes = every("input[type=checkbox]", box);
    const views = every(".chart", box).map((holder, i) => draw(holder, group.panels[i].spec));
    function show() {
      const shown = boxes.filter((each) => each.checked).map((each) => each.value);
      for (const view of views) view.then((each) => each.signal("shown", shown).runAsync());
    }
    box.addEventListener("change", show);
    for (const button of every("button[data-all]", box))
      button.addEventListener("click", () => {
        for (const each of boxes) each.checked = button.dataset.all === "true";
        show();
      });
  }

  // ---- the explorer

  const chosen = (what) => Number(byId(`explore-${what}`).value);

  // one row per variant that is measured on the baseline's data
  function exploredRows(metric, baseline, axis) {
    const { variants, outcomes } = data.explore;
    return variants.flatMap((variant, i) => {
      const mean = metric.means[i];
      if (!mean || variant.data !== variants[baseline].data) return [];
      const gap = metric.differences[baseline][i];
      const outcome = i === baseline ? "baseline" : gap ? outcomes[gap[4]] : MISSING;
      return [{
        name: variant.name, variant: variant.label, x: axis?.values[i], outcome,
        mean: mean[0], low: mean[1], high: mean[2], n: mean[3], told: mean[4],
        seeds: metric.seeds[i].filter((value) => value !== null),
        gap: gap?.[0], gap_low: gap?.[1], gap_high: gap?.[2], gap_told: gap?.[5] ?? MISSING,
      }];
    });
  }

  // a logarithmic scale where positive numbers span more than a factor of 10
  function scaleOf(values) {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least > 0 && most > 10 * least ? { type: "log", nice: false } : { zero: false };
  }

  // a scale that is linear about 0 and logarithmic beyond, where some differences dwarf others
  function scaleOfGaps(values) {
    const sizes = values.map(Math.abs).filter((size) => size > 0).sort((a, b) => a - b);
    const [middle, most] = [sizes[Math.floor(sizes.length / 2)] ?? 1, sizes.at(-1) ?? 1];
    if (most <= 10 * middle) return { scale: {} };
    const powers = [];
    for (let power = 10 ** Math.ceil(Math.log10(middle / 3)); power <= most; power *= 10)
      powers.push(-power, power);
    const ticks = [0, ...powers].sort((a, b) => a - b);
    return { scale: { type: "symlog", constant: middle / 3 }, values: ticks };
  }

  function explored(spec, rows, axis, part, width, floor) {
    const [filled, byName] = [structuredClone(spec), !axis];
    const [value, other] = byName ? ["x", "y"] : ["y", "x"];
    const metric = part === "metric";
    const shown = rows.filter((row) => byName || typeof row.x === "number");
    const points = shown.flatMap((row) => (metric ? [row.mean, ...row.seeds] : [row.gap ?? 0]));
    const reference = filled.layer[0];
    if (metric && floor) {
      points.push(floor.value);
      reference.encoding[value].datum = floor.value;
    } else if (metric) filled.layer.shift();
    // a single seed has no interval, and a single variant no difference
    filled.layer = filled.layer.filter(({ encoding }) => {
      const { field } = encoding[value];
      return !field || field === "seed" || shown.some((row) => typeof row[field] === "number");
    });
    const { scale, values } = metric ? { scale: scaleOf(points) } : scaleOfGaps(points);
    if (scale.type === "log") {
      const ends = shown.map((row) => row.high ?? row.mean);
      scale.domain = [Math.min(...points) / 1.2, Math.max(...points, ...ends) * 1.1];
      // a logarithm has no place for 0 and below
      for (const row of shown.filter(({ low }) => low !== null))
        row.low = Math.max(row.low, scale.domain[0]);
    }
    for (const { encoding } of filled.layer) {
      Object.assign(encoding[value], {
        title: values ? "logarithmic away from 0" : null, scale,
        axis: { format: ",~r", grid: true, ...(values ? { values } : { tickCount: 5 }) },
      });
      if (!encoding[other]) continue;
      if (byName) {
        encoding[other].axis = { labelLimit: Math.max(110, 0.38 * width), ticks: false };
        // rows of both charts in line, whatever either has no number of
        encoding[other].scale = { domain: shown.map((row) => row.variant) };
      } else {
        const places = shown.map((row) => row.x);
        const across = { ...scaleOf(places), nice: true, padding: 14 };
        const format = Math.max(...places) >= 1e4 ? "~s" : ",~r";
        Object.assign(encoding[other], { title: axis.label, scale: across });
        encoding[other].axis = { tickCount: 5, format, grid: false };
      }
    }
    filled.data = { values: shown };
    filled.height = byName ? shown.length * (shown.length > 20 ? 22 : 28) : 280;
    filled.autosize = { type: "fit-x", contains: "padding" };
    return filled;
  }

  function floorOf(metric, baseline) {
    const { data: of } = data.explore.variants[baseline];
    return data.explore.floors.find((floor) => floor.metric === metric.name && floor.data === of);
  }

  function exploreTable(rows, metric, baseline, floor) {
    const table = byId("explore-table");
    const cell = (text, value, extra = {}) =>
      make("td", { class: "n", "data-value": value ?? "", ...extra }, text);
    const names = { "data-baseline": baseline, "data-metric": metric };
    const icons = { better: "▲ ", worse: "▼ ", inconclusive: "○ " };
    table.tBodies[0].replaceChildren(
      ...rows.map((row) =>
        make(
          "tr",
          row.outcome === "baseline" ? { class: "baseline" } : {},
          make("th", { scope: "row" }, row.variant),
          cell(row.told, row.mean, { ...names, "data-variant": row.name }),
          cell(String(row.n), row.n),
          cell(row.gap_told, row.gap),
          make(
            "td", {},
            make(
              "span", { class: `outcome ${row.outcome}` },
              make("span", { "aria-hidden": "true" }, icons[row.outcome] ?? ""), row.outcome,
            ),
          ),
        ),
      ),
    );
    const last = floor ? [cell(floor.text), ...[1, 2, 3].map(() => make("td"))] : [];
    table.tFoot.replaceChildren(
      ...(floor ? [make("tr", {}, make("th", { scope: "row" }, floor.label), ...last)] : []),
    );
    every("td[data-variant]", table).forEach(openable);
    sort(table);
    filter(byId("explore").querySelector(".filter"));
  }

  function explore() {
    const metric = data.explore.metrics[chosen("metric")];
    const axes = byId("explore-axis");
    const baselines = byId("explore-baseline");
    // a baseline without this metric can be held against nothing
    for (const option of baselines.options) option.disabled = !metric.means[option.value];
    if (baselines.selectedOptions[0].disabled)
      baselines.value = metric.means.findIndex((mean) => mean);
    const baseline = chosen("baseline");
    const { name, label } = data.explore.variants[baseline];
    const rows = exploredRows(metric, baseline);
    for (const option of axes.options) {
      const values = data.explore.axes[option.value]?.values;
      const known = new Set(rows.map((row) => values?.[placeOf(row.name)]).filter((v) => v != null));
      option.disabled = option.value !== "-1" && known.size < 2;
    }
    if (axes.selectedOptions[0].disabled) axes.value = "-1";
    const axis = data.explore.axes[chosen("axis")];
    const along = axis ? "number" : "variant";
    const better = metric.lower ? "lower is better" : "higher is better";
    const floor = floorOf(metric, baseline);
    const titles = {
      metric: `${metric.label}; ${better}`,
      difference: `Difference to ${label}`,
    };
    for (const [part, title] of Object.entries(titles)) {
      const holder = byId(`explore-${part}-chart`);
      const shown = exploredRows(metric, baseline, axis);
      const spec = data.specs[along][part];
      const filled = explored(spec, shown, axis, part, holder.clientWidth, floor);
      filled.description = `${title}, by ${axis?.label ?? "variant"}. The table has the numbers.`;
      byId(`explore-${part}-title`).textContent = title;
      draw(holder, filled);
    }
    const left = data.explore.variants.length - rows.length;
    byId("explore-note").textContent =
      `${rows.length} variants, differences to ${label}` +
      (left ? `; ${left} without this metric or on other data are left out.` : ".");
    exploreTable(rows, metric.name, name, floor);
  }

  // ---- samples on their way

  function trajectory(box, frames) {
    const [picture, slider, said, button] = ["img", "input", "output", "button"].map((tag) =>
      box.querySelector(tag),
    );
    let playing = null;
    function show() {
      const { label, picture: address } = frames[slider.value];
      picture.src = address;
      said.textContent = label;
      slider.setAttribute("aria-valuetext", label);
    }
    function stop() {
      clearInterval(playing);
      playing = null;
      button.textContent = "Play";
    }
    function step() {
      slider.value = Number(slider.value) + 1;
      show();
      if (Number(slider.value) === frames.length - 1) stop();
    }
    slider.addEventListener("input", () => (stop(), show()));
    button.addEventListener("click", () => {
      if (playing) return stop();
      if (Number(slider.value) === frames.length - 1) slider.value = 0;
      show();
      playing = setInterval(step, 350);
      button.textContent = "Pause";
    });
    show();
  }

  // ---- which section is being read

  function followSections(links) {
    const linkOf = new Map(links.map((link) => [byId(link.hash.slice(1)), link]));
    const seen = new Set();
    const watcher = new IntersectionObserver(
      (changes) => {
        for (const { target, isIntersecting } of changes)
          seen[isIntersecting ? "add" : "delete"](target);
        const first = [...linkOf.keys()].find((section) => seen.has(section));
        for (const link of links) link.removeAttribute("aria-current");
        linkOf.get(first)?.setAttribute("aria-current", "true");
      },
      { rootMargin: "-10% 0px -60% 0px" },
    );
    for (const section of linkOf.keys()) if (section) watcher.observe(section);
  }

  every("table.sortable").forEach(sortable);
  every(".filter").forEach((box) => box.addEventListener("input", () => filter(box)));
  if (data.details) every("td[data-variant]").forEach(openable);
  if (data.explore?.metrics.length) {
    for (const select of every("#explore select")) select.addEventListener("change", explore);
    explore();
  }
  data.charts?.forEach(chartGroup);
  if (data.trajectory?.length) trajectory(byId("trajectory"), data.trajectory);
  followSections(every("nav a"));
})();
