"""Data as training holds them: values, or the grey levels that stand for values.

Image data are uint8 (n, *shape), of which v stands for v·bin_width − 1; all else are values as they
are. Statistics of grey levels are taken a part at a time, so that memory does not grow with the
data.
"""

import torch
from torch import Tensor

# grey levels that are looked at in one go, as float64
CHUNK_VALUES = 2**24
CHUNK_ROWS = 512


def values(data: Tensor, bin_width: float) -> Tensor:
    """The values of data (n, ...): float32 in [−1, 1] of grey levels, others as they are."""
    if data.dtype != torch.uint8:
        return data
    # rounded once, as the values of datasets.Splits are
    return (data.double() * bin_width - 1).float()


def chunks(data: Tensor) -> tuple[Tensor, ...]:
    """Data (n, ...) in the parts that statistics take in one go: grey levels in several if many."""
    rows = max(1, CHUNK_VALUES // data[0].numel())
    return data.split(rows if data.dtype == torch.uint8 else len(data))


def moments(data: Tensor, bin_width: float) -> tuple[Tensor, Tensor]:
    """Mean and variance of each coordinate of data (n, *shape): (D,) each, float64.

    The variance is about the mean, divided by n. Parts are put together as Chan, Golub and LeVeque
    do (1983, The American Statistician 37, 242).
    """
    seen, mean, variance = 0, torch.zeros(()), torch.zeros(())
    for part in chunks(data):
        flat = values(part, bin_width).flatten(1).double()
        own_mean, own_variance = flat.mean(dim=0), flat.var(dim=0, correction=0)
        if not seen:
            seen, mean, variance = len(part), own_mean, own_variance
            continue
        share = len(part) / (seen + len(part))
        gap = own_mean - mean
        mean = mean + share * gap
        variance = (1 - share) * variance + share * own_variance + share * (1 - share) * gap**2
        seen += len(part)
    return mean, variance


def spread(data: Tensor, bin_width: float) -> float:
    """Standard deviation of all values of data (n, *shape) about their one mean."""
    if len(chunks(data)) == 1:
        return float(values(data, bin_width).std())
    mean, variance = moments(data, bin_width)
    total = variance.mean() + mean.var(correction=0)
    return float((total * data.numel() / (data.numel() - 1)).sqrt())


def diameter(data: Tensor, bin_width: float) -> float:
    """The largest Euclidean distance between two points of data (n, *shape), n >= 2."""
    flat = data.flatten(1)
    if data.dtype != torch.uint8:
        flat = flat.double()
        return max(float(torch.cdist(block, flat).max()) for block in flat.split(1024))
    # |a − b| <= |a − m| + |b − m|, so that pairs too near the middle m are never looked at
    middle = sum(part.double().sum(dim=0) for part in chunks(flat)) / len(flat)
    radii = torch.cat([(part.double() - middle).norm(dim=1) for part in chunks(flat)])
    order, largest = radii.argsort(descending=True), 0.0
    for block in order.split(CHUNK_ROWS):
        reaching = order[radii[order] + radii[block[0]] > largest]
        if not len(reaching):
            break
        for part in reaching.split(CHUNK_ROWS):
            # sums of squares of whole numbers, exact in float64
            distances = torch.cdist(flat[block].double(), flat[part].double())
            largest = max(largest, float(distances.max()))
    return bin_width * largest
