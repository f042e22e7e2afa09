// Which section is being read; and the start of everything.

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
