"""Write the page over all experiments of a run."""

from pathlib import Path

from scoreladder import files, provenance
from scoreladder.report import page


def write_index(experiments: list[dict], absent: list[str], path: Path) -> None:
    """Write the index of experiments, given as `specs_report.write_index` has them."""
    entries = []
    for experiment in experiments:
        folder, headline = path.parent / experiment["name"], experiment["headline"]
        figure = None
        if headline:
            drawing = folder / "figures" / f"comparison.{headline['name']}.svg"
            svg = drawing.read_text(encoding="utf-8")
            figure = {"title": headline["title"], "caption": "", "svg": svg}
        claims = files.read_json(folder / "summary" / "claims.json")["claims"]
        link = f"{experiment['name']}/report.html"
        entries.append(experiment | {"link": link, "claims": claims, "figure": figure})
    files.write_text(path, page.render_index(entries, absent, {"versions": provenance.versions()}))


if "snakemake" in globals():
    from adapter import job

    with job(snakemake) as current:
        spec = current.spec
        write_index(spec["experiments"], spec["absent"], Path(snakemake.output.page))
