"""Training and sampling on a CUDA GPU, beside diffusers and beside the GPU's own rate of products.

Both networks are trained in bfloat16 by autocast at the size of CIFAR-10's suite. The fraction of
the peak counts the multiplications of forward and backward passes, by torch's own counter, against
the rate that a large product of bfloat16 matrices reaches here.
"""

from collections.abc import Callable, Iterator

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import networks, peers
from benchmarks.pairs import in_turns, seconds, spread
from benchmarks.rows import SHARE, SPEED, Aim, Row, missing, timed
from scoreladder import noise, sampling
from scoreladder.denoiser import Denoiser

BATCH, SIDE, ROUNDS, STEPS = 128, 32, 9, 10
DRAWN, NFE = 500, 35
# of the square matrices whose product is the measure
MATRIX = 8192
HALF = torch.bfloat16
PROFILED = 8
STEP = f"training step, UNet base, {SIDE}×{SIDE}, batch {BATCH}, bf16"
DRAW = f"heun, UNet base, {SIDE}×{SIDE}, {DRAWN} samples, {NFE} NFE, bf16"
BARE = Aim(STEP, "bare forward, backward, step", SHARE, 0.95)
DIFFUSERS = Aim(STEP, "diffusers' training example", SPEED, 1.3, packages=("diffusers",))
FORWARDS = Aim(DRAW, f"bare forwards × {NFE}", SHARE, 0.95)
PEAK = Aim(STEP, f"product of {MATRIX}×{MATRIX} matrices, bf16", "of its rate", None)
COMPILED = Aim(f"{STEP}, compiled", "the same, not compiled", SPEED, None)
AIMS = (BARE, DIFFUSERS, PEAK, COMPILED, FORWARDS)


def measure() -> Iterator[Row]:
    """All rows on the first GPU; without one they are missing."""
    if not torch.cuda.is_available():
        yield from (missing("gpu", aim, "no CUDA GPU is visible") for aim in AIMS)
        return
    data = networks.pictures(4096)
    network = {"kind": "unet", "size": "base"}
    spec = networks.spec(network, BATCH, precision="bf16")
    run = networks.started(spec, data, device="cuda")
    own = peers.size(run.model)
    calls = {"ours": networks.stepping(run), BARE: networks.bare_step(run, BATCH, HALF)}
    batch = data[:BATCH].to("cuda").float() * networks.BIN_WIDTH - 1
    peer, absent = None, None
    try:
        peer = peers.diffusers_loop(batch, 3, own, HALF)
        calls[DIFFUSERS] = peer.step
    except ImportError as error:
        absent = error
    compiled = networks.spec(network, BATCH, precision="bf16", compile=True)
    calls[COMPILED] = networks.stepping(networks.started(compiled, data, device="cuda"))
    found = in_turns({key: waited(call) for key, call in calls.items()}, ROUNDS)
    rate = f"{STEPS * BATCH / spread(found['ours']).median:.0f} images/s"
    yield timed("gpu", BARE, found["ours"], found[BARE], rate)
    if peer is None:
        yield missing("gpu", DIFFUSERS, absent)
    else:
        sizes = f"{peer.parameters / 1e6:.1f} M parameters, ours {own / 1e6:.1f} M"
        yield timed("gpu", DIFFUSERS, found["ours"], found[DIFFUSERS], sizes)
    yield peak_row(calls["ours"], found["ours"])
    yield timed("gpu", COMPILED, found[COMPILED], found["ours"])
    yield sampling_row(run.ema)


def waited(call: Callable[[], object]) -> Callable[[], None]:
    """STEPS calls in a row, and what they left to the GPU."""

    def calls() -> None:
        for _ in range(STEPS):
            call()
        torch.cuda.synchronize()

    return calls


def peak_row(step: Callable[[], object], taken: list[float]) -> Row:
    """The step's multiplications in a second over those of a large product, and where time goes."""
    with FlopCounterMode(display=False) as counted:
        step()
    matrix = torch.randn(MATRIX, MATRIX, device="cuda", dtype=HALF)
    product = waited(lambda: matrix @ matrix)
    product()
    best = min(seconds(product) for _ in range(ROUNDS))
    peak = 2 * MATRIX**3 * STEPS / best
    rates = [counted.get_total_flops() * STEPS / each for each in taken]
    note = f"peak {peak / 1e12:.0f} TFLOP/s; {profile(step)}"
    return Row("gpu", PEAK, spread([rate / peak for rate in rates]), note=note)


def profile(step: Callable[[], object]) -> str:
    """The kernels that take the most of a step's time on the GPU, and their shares of it."""
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profiler:
        step()
        torch.cuda.synchronize()
    events = [each for each in profiler.key_averages() if str(each.device_type).endswith("CUDA")]
    events.sort(key=lambda each: -each.self_device_time_total)
    whole = sum(each.self_device_time_total for each in events)
    return ", ".join(
        f"{each.key[:40]} {each.self_device_time_total / whole:.0%}" for each in events[:PROFILED]
    )


def sampling_row(model: Denoiser) -> Row:
    """Heun's sampler beside its network alone, both in bfloat16."""
    model.autocast = HALF
    ladder = noise.karras(80.0, 0.002, (NFE + 1) // 2)
    x = 80.0 * torch.randn(DRAWN, *model.shape, device="cuda")
    scaled, told = torch.randn_like(x), torch.zeros(1, device="cuda")

    def forwards() -> None:
        with torch.no_grad(), torch.autocast("cuda", HALF):
            for _ in range(NFE):
                model.network(scaled, told)
        torch.cuda.synchronize()

    def ours() -> None:
        sampling.heun(model, x, ladder)
        torch.cuda.synchronize()

    found = in_turns({"ours": ours, "bare": forwards}, 3)
    rate = f"{DRAWN / spread(found['ours']).median:.1f} images/s"
    return timed("gpu", FORWARDS, found["ours"], found["bare"], rate)
