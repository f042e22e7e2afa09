"""The numbers behind figures, as tables of text for the page."""

import pandas as pd

from scoreladder.catalog import METRICS
from scoreladder.report.numbers import MISSING, count, interval, number, setting
from scoreladder.statistics import mean_interval


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
