"""The numbers behind figures, as tables of text for the page."""

import pandas as pd

from scoreladder.ablation import by_seed, difference
from scoreladder.catalog import MEAN_IMAGE, METRICS, TRUTH
from scoreladder.report.numbers import MISSING, count, interval, number, setting
from scoreladder.statistics import mean_interval

HOLES = {
    "hole_energy": "Energy score",
    "hole_rmse": "Error of the mean",
    "hole_psnr": "PSNR, dB",
    "hole_ssim": "SSIM",
    "hole_spread": "Spread",
    "completion_fid": "FID of completed images",
    "completion_lpips": "LPIPS",
}


def nfe_sweep(sweeps: pd.DataFrame, metric: str, labels: dict[str, str]) -> dict:
    """Per sampler and budget: evaluations, step size where there is one, and the metric over seeds.

    sweeps: columns row, seed, sampler, nfe, relative_step_size and the metric. A budget at which a
    seed diverged has no number. Returns {"columns", "rows": lists of text}.
    """
    rows = []
    for _, own in sweeps.groupby("row"):
        steps = sorted(own["relative_step_size"].dropna().unique())
        found = mean_interval(own[metric]) if own[metric].notna().all() else None
        rows.append(
            [
                labels[own["sampler"].iloc[0]],
                count(own["nfe"].mean()),
                ", ".join(map(setting, steps)) or MISSING,
                interval(found.mean, found.low, found.high) if found else "diverged",
            ]
        )
    columns = ["Sampler", "NFE", "α/σ² by seed", f"{METRICS[metric].label} [95 % interval]"]
    return {"columns": columns, "rows": rows}


def inpainting(found: pd.DataFrame, labels: dict[str, str]) -> dict:
    """How well holes are filled, per problem and method; how other variants differ from the first.

    found: columns variant, seed, mask, method, nfe, relative_step_size, at_grid_edge and those of
    HOLES; one of these without any value is left out. Variants have a mean over seeds each; a
    difference is paired by the seeds that both have. The stand-ins, the mean image and the truth,
    have a row for each mask. Step sizes at the edge of the tuning grid are marked †. Returns
    {"columns", "rows"}.
    """
    rows, shown = [], [metric for metric in HOLES if found[metric].notna().any()]
    for (mask, method), own in found.groupby(["mask", "method"], sort=False):
        first, *others = own["variant"].unique()
        if method in (MEAN_IMAGE, TRUTH):
            # the same for every variant and seed
            cells = [number(value) for value in own[shown].iloc[0]]
            rows.append([f"{mask}: {method}", MISSING, MISSING, *cells])
            continue
        for name in (first, *others):
            mine = own[own["variant"] == name]
            cells = [_mean(by_seed(own, name, metric)) for metric in shown]
            cost = [count(mine["nfe"].mean()), _steps(mine)]
            rows.append([f"{mask}, {method}: {labels[name]}", *cost, *cells])
        for name in others:
            gaps = [difference(own, name, first, metric) for metric in shown]
            cells = [interval(gap.mean, gap.low, gap.high) for gap in gaps]
            words = f"{mask}, {method}: {labels[name]}, difference to {labels[first]}"
            rows.append([words, MISSING, MISSING, *cells])
    names = [f"{words} [95 % interval]" for words in map(HOLES.get, shown)]
    steps = "α/σ² by seed († at the edge of its grid)"
    return {"columns": ["Problem, method: variant", "NFE", steps, *names], "rows": rows}


def filled_exact(found: dict) -> str:
    """What `filling_bias.table` found, in words."""
    exact, *others = found["rows"]
    told = []
    for row in others:
        size = row["relative_step_size"]
        step = "" if size is None else f" at α/σ² = {setting(size)}"
        told.append(f"by {row['method']}{step}: {row['mean']:.2f} and {row['variance']:.2f}")
    return (
        "no method draws from the exact conditional: of two Gaussian values of correlation "
        f"{setting(found['correlation'])}, one known to be {setting(found['known'])}, the other "
        f"has mean {exact['mean']:.2f} and variance {exact['variance']:.2f}; with the exact score "
        f"and {found['nfe']} evaluations on {found['levels']} levels from "
        f"{setting(found['sigma_max'])} to {setting(found['sigma_min'])}, or a ladder of the "
        f"method's own between these, its completions have {'; '.join(told)}"
    )


def _steps(own: pd.DataFrame) -> str:
    """The step sizes of all seeds, each once, those at the edge of the grid marked."""
    found = own.dropna(subset="relative_step_size").sort_values("relative_step_size")
    pairs = zip(found["relative_step_size"], found["at_grid_edge"], strict=True)
    told = [f"{setting(size)}{'†' * bool(edge)}" for size, edge in pairs]
    return ", ".join(dict.fromkeys(told)) or MISSING


def _mean(values: pd.Series) -> str:
    """The mean over seeds with its interval; a dash where there are none."""
    if values.empty:
        return MISSING
    found = mean_interval(values)
    return interval(found.mean, found.low, found.high)


def mixing_weights(mixing: pd.DataFrame) -> dict:
    """Per way of sampling the heavy mode's share, by the exact score and by the learned ones.

    mixing: columns configuration, score ("exact" or "learned") and heavy_weight.
    """
    rows = []
    for name, own in mixing.groupby("configuration", sort=False):
        shares = own.set_index("score")["heavy_weight"]
        found = mean_interval(shares.loc[["learned"]])
        learned = interval(found.mean, found.low, found.high)
        rows.append([name, number(shares.loc[["exact"]].mean()), learned, count(found.n)])
    columns = ["Sampling", "Exact score", "Learned score [95 % interval]", "Seeds"]
    return {"columns": columns, "rows": rows}
