// The explorer: any metric, against any baseline, along any axis.

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
            make("span", { "aria-hidden": "true" }, data.icons[row.outcome] ?? ""),
              ` ${row.outcome}`,
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
