// Where a number comes from.

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
  const { columns, elsewhere, runs, sampled } = data.details;
  const own = runs[variant];
  const measured = data.explore.metrics.find((each) => each.name === metric);
  const [arm, against] = [placeOf(variant), placeOf(baseline)];
  const [label, other] = [arm, against].map((place) => data.explore.variants[place].label);
  const gap = measured.differences[against][arm];
  const mean = measured.means[arm];
  byId("detail-title").textContent = label;
  // what holes or likelihoods cost, the run's sampling does not tell
  const ofSamples = !elsewhere.includes(metric);
  const kept = ofSamples ? columns.length : columns.length - sampled;
  const rows = own.rows.map(([seed, sample, ...costs], i) => [
    seed, sample, own.values[metric]?.[i] ?? MISSING, ...costs.slice(0, kept - 2),
  ]);
  const heads = [...columns.slice(0, 2), "Value", ...columns.slice(2, kept)];
  const changed = unlike(variant, baseline);
  byId("detail-content").replaceChildren(
    listed([
      [measured.label, mean ? `${mean[4]}, over ${mean[3]} training seeds` : MISSING],
      [`Difference to ${other}`, gap ? `${gap[5]}: ${data.explore.outcomes[gap[4]]}` : ""],
      ...own.facts,
      ...(ofSamples ? own.sampling : []),
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
