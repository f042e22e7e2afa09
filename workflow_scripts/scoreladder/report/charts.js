// Charts with a legend.

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
