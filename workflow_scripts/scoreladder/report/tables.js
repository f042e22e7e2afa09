// Tables: a button in every heading sorts, a text box hides rows.

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
