"""What `comparing` finds of two variants or two runs, as lines and tables for a terminal."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table

from scoreladder import comparing
from scoreladder.catalog import METRICS
from scoreladder.comparing import DIFFERS, EQUAL, NEAR, TOLERANCE, UNKNOWN, WITHIN, Gap
from scoreladder.config_diff import Difference, told
from scoreladder.kept_runs import Kept
from scoreladder.report.numbers import count, interval, number, setting
from scoreladder.statistics import Interval

Lines = Iterator[RenderableType]
SIDES = ("A", "B")
# characters that a row with three intervals takes
WIDE = 112
STATES = {
    EQUAL: "equal to the last digit",
    NEAR: f"equal within {100 * TOLERANCE:g} %",
    WITHIN: "different within the 95 % interval",
    DIFFERS: "different beyond the 95 % interval",
    UNKNOWN: "different, with too few seeds for an interval",
}


def table(*headers: str, rows: Iterable[Iterable[str]] = (), numbers: bool = False) -> Table:
    """A table that wraps in all but its first column; numbers stand at the right."""
    found = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for place, header in enumerate(headers):
        side = "right" if numbers and place else "left"
        found.add_column(header, justify=side, overflow="fold", no_wrap=not place)
    for row in rows:
        found.add_row(*row)
    return found


def heading(name: str, run: Kept, variant: str | None) -> str:
    """What is compared: its address, its label, and what made its numbers."""
    mine = run.runs if variant is None else run.runs[run.runs["variant"] == variant]
    address = run.name if variant is None else f"{run.name}:{variant} – {mine['label'].iloc[0]}"
    facts = {"device": "", "train_code": "training code "}
    made = [
        words + ", ".join(sorted(map(str, mine[column].dropna().unique())))
        for column, words in facts.items()
        if column in mine
    ]
    return f"{name}: {'; '.join([address, *made])}"


def settings(found: list[Difference] | None, unkept: list[str]) -> Lines:
    """The table of settings that differ, or why there is none; unkept: runs without them."""
    if found is None:
        yield f"no configuration kept: {', '.join(unkept)}; settings cannot be compared"
    elif not found:
        yield "The settings are the same."
    else:
        rows = [(key, told(ours), told(theirs)) for key, ours, theirs in found]
        yield table("setting", *SIDES, rows=rows)
    if not comparing.measured_alike(found):
        yield "Their data or features differ: what is measured in them may not compare."


def variants(ours: Kept, theirs: Kept, names: tuple[str, str], width: int) -> Lines:
    """Two variants: settings, metrics, and what they took, in lines of `width` characters."""
    sides = tuple(zip(SIDES, (ours, theirs), names, strict=True))
    yield from (heading(*side) for side in sides)
    yield ""
    unkept = [run.name for _, run, name in sides if run.settings(name) is None]
    yield from settings(comparing.settings_gap(ours, theirs, names), unkept)
    yield ""
    paired, why = comparing.pairing(ours, theirs, names)
    gaps = list(comparing.metric_gaps(ours, theirs, names, paired))
    if gaps:
        yield metrics(gaps, width >= WIDE)
        yield (
            f"Means with 95 % intervals over {seeds(gaps)}; B − A {why}, by "
            f"{'Student' if paired else 'Welch'}'s t. ↓ lower, ↑ higher is better; inconclusive: "
            "the interval holds 0."
        )
    else:
        yield "They have no metric in common."
    yield ""
    took = [comparing.facts(run, name) for _, run, name in sides]
    rows = [(name, *(fact(name, each.get(name)) for each in took)) for name in took[0] | took[1]]
    yield table("mean over runs", *SIDES, rows=rows, numbers=True)


def metrics(gaps: list[Gap], wide: bool) -> Table:
    """A row for each metric; where that is too wide, intervals and outcomes stand below."""
    if wide:
        rows = [
            (arrowed(gap.metric), *map(spelt, (gap.ours, gap.theirs, gap.difference)), gap.said)
            for gap in gaps
        ]
        return table("metric", *SIDES, "B − A", "B is", rows=rows)
    rows = []
    for gap in gaps:
        three = [spelt(each).partition(" ") for each in (gap.ours, gap.theirs, gap.difference)]
        rows.append((arrowed(gap.metric), *(mean for mean, _, _ in three)))
        rows.append((f"  {gap.said}", *(ends for _, _, ends in three)))
    return table("metric, B is", *SIDES, "B − A", rows=rows)


def runs(ours: Kept, theirs: Kept) -> Lines:
    """Two runs: common settings, variants of one alone, and each common variant's metrics."""
    sides = tuple(zip(SIDES, (ours, theirs), strict=True))
    yield from (heading(*side, None) for side in sides)
    yield ""
    unkept = [run.name for _, run in sides if run.experiment is None]
    yield from settings(comparing.common_gap(ours, theirs), unkept)
    shared = comparing.shared_variants(ours, theirs)
    changed = [
        (each.key, told(each.ours), told(each.theirs), whose(each.variants, shared))
        for each in comparing.variants_gap(ours, theirs)
    ]
    if changed:
        yield ""
        yield table("setting of variants", *SIDES, "of", rows=changed)
    for name, run in sides:
        alone = [each for each in run.runs["variant"].unique() if each not in shared]
        if alone:
            yield f"Only in {name}: {', '.join(alone)}"
    yield ""
    gaps = comparing.run_gaps(ours, theirs)
    yield from unequal([gap for gap in gaps if gap.state not in (EQUAL, NEAR)])
    yield from summary(gaps, len(shared))


def unequal(gaps: list[Gap]) -> Lines:
    """A row for each metric, below its variant."""
    rows, last = [], None
    for gap in gaps:
        if gap.variant != last:
            rows.append((gap.variant,))
        last, means = gap.variant, (number(gap.ours.mean), number(gap.theirs.mean))
        rows.append((f"  {arrowed(gap.metric)}", *means, spelt(gap.difference), gap.state))
    if rows:
        yield table("variant, metric", *SIDES, "B − A", "", rows=rows)
        yield ""


def summary(gaps: list[Gap], variants: int) -> Lines:
    """How many metrics are equal, within their interval and not, and the largest difference."""
    if not gaps:
        yield "They have no metric of a variant in common."
        return
    counts = Counter(gap.state for gap in gaps)
    told = [f"{counts[state]} {words}" for state, words in STATES.items() if counts[state]]
    yield f"{len(gaps)} means of {variants} variants in A and B: {', '.join(told)}."
    judged = counts[WITHIN] + counts[DIFFERS]
    chance = round(0.05 * judged)
    if counts[DIFFERS] and chance:
        yield f"Were A and B alike, about {chance} of {judged} would be beyond it by chance."
    listed = [gap for gap in gaps if gap.state not in (EQUAL, NEAR)]
    if listed:
        largest = max(listed, key=size)
        spread = "" if math.isnan(largest.spreads) else f", {largest.spreads:.2g} sd over A's seeds"
        means = f"{number(largest.ours.mean)} in A, {number(largest.theirs.mean)} in B"
        yield f"The largest difference: {largest.metric} of {largest.variant}, {means}{spread}."


def size(gap: Gap) -> float:
    """How large a difference is: in spreads over seeds, unknown ones last."""
    return -1.0 if math.isnan(gap.spreads) else gap.spreads


def whose(names: tuple[str, ...], every: list[str]) -> str:
    """Variants by name, or how many where they are all and more than one."""
    return f"all {len(names)}" if len(names) == len(every) > 1 else ", ".join(names)


def arrowed(metric: str) -> str:
    """A metric with an arrow to where it is better."""
    return f"{metric} {'↓' if METRICS[metric].lower_is_better else '↑'}"


def spelt(found: Interval) -> str:
    """A mean with its interval."""
    return interval(found.mean, found.low, found.high)


def seeds(gaps: list[Gap]) -> str:
    """How many training seeds the sides have."""
    pairs = {(gap.ours.n, gap.theirs.n) for gap in gaps}
    words = sorted(str(a) if a == b else f"{a} and {b}" for a, b in pairs)
    return f"{' or '.join(words)} training seeds"


def fact(name: str, found: float | None) -> str:
    """A fact's number: counts written out, a step size as it was chosen, seconds rounded."""
    if name == "relative_step_size":
        return setting(found)
    return number(found) if name.endswith(("seconds", "mib")) else count(found)
