"""Fill a hole in one image: python workflow_scripts/inpaint_image.py --help."""

import argparse
import math
import sys
import warnings
from pathlib import Path

import numpy as np
import torch

from scoreladder import commands, denoiser, devices, files, filling, masks, operators
from scoreladder.blocks import DOWN_A_LADDER
from scoreladder.denoiser import Denoiser
from scoreladder.errors import JobFailed

NFE = 200
CHANNELS = {"1": 1, "L": 1, "RGB": 3}
WORDS = {1: "grey (1 bit or 8)", 3: "RGB"}
# no others: some of Pillow's readers start programs
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        description=(
            "Fill a hole in an image with a model that was trained on whole ones. The known pixels "
            "are kept to the last bit."
        ),
        epilog=commands.EPILOG,
    )
    add = found.add_argument
    add("model", type=Path, help="a trained score model, model.safetensors")
    add("image", type=Path, help="an image of the model's size and channels")
    add(
        "mask",
        help=(
            "a PNG of that size, white where the image is known; or one of: "
            f"{', '.join(masks.MASKS)} (the number: percent of the pixels missing)"
        ),
    )
    add("output", type=Path, help="the PNG to write: the completions side by side")
    add(
        "--method",
        choices=list(filling.METHODS),
        default="projection",
        help="%(default)s when left out",
    )
    add(
        "--nfe",
        type=_positive,
        help="network evaluations at most (200, or what the model's ladder needs)",
    )
    add("--completions", type=_positive, default=1, help="how many (%(default)s)")
    add("--seed", type=int, default=0, help="of the random numbers (%(default)s)")
    add(
        "--step-size",
        type=float,
        help=(
            "α/σ² of replacement, which needs it, and of projection (0.0512, an snr of 0.16): "
            "inpainted/VARIANT/ tells what was tuned"
        ),
    )
    add(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="%(default)s: a GPU if any",
    )
    return found


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {text}; a whole number >= 1")
    return number


def read_model(path: Path, device: torch.device) -> Denoiser:
    """The score model of images at a path. Raises JobFailed where there is none."""
    if not path.is_file():
        raise JobFailed(f"{path}: found no file there; a trained model.safetensors")
    try:
        model = denoiser.load(path, device)
    except (ValueError, OSError) as error:
        raise JobFailed(" ".join(str(error).split())) from error
    if len(model.shape) != 3 or model.shape[0] not in WORDS:
        raise JobFailed(f"{path}: found a model of shape {model.shape}; a model of images")
    return model


def read_image(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """The 8-bit levels of an image, uint8 of `shape`, (1 or 3, H, W). Raises JobFailed."""
    from PIL import Image, UnidentifiedImageError

    if not path.is_file():
        raise JobFailed(f"{path}: found no file there; an image")
    channels, height, width = shape
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as picture:
                # before anything is decoded, so that no small file can fill the memory
                if picture.size != (width, height):
                    found = "×".join(map(str, picture.size))
                    raise JobFailed(f"{path}: found {found} pixels; the model has {width}×{height}")
                if CHANNELS.get(picture.mode) != channels:
                    found = f"found mode {picture.mode}"
                    raise JobFailed(f"{path}: {found}; the model's images are {WORDS[channels]}")
                levels = np.array(picture.convert("L" if channels == 1 else "RGB"))
    except JobFailed:
        raise
    # decoders raise whatever a damaged file leads them to
    except Exception as error:
        said = "no image" if isinstance(error, UnidentifiedImageError) else str(error)
        raise JobFailed(f"{path}: cannot be read: {' '.join(said.split())}") from error
    return levels.reshape(height, width, channels).transpose(2, 0, 1)


def read_mask(named: str, height: int, width: int) -> torch.Tensor:
    """The mask of that name, or of the PNG at that path. Raises JobFailed."""
    if named in masks.MASKS:
        return masks.MASKS[named](height, width)
    if not Path(named).is_file():
        allowed = f"a PNG, or one of: {', '.join(masks.MASKS)}"
        raise JobFailed(f"{named}: found neither a file nor a mask of that name; {allowed}")
    return masks.from_png(named, height, width)


def _check_plan(network: Denoiser, method: str, nfe: int) -> None:
    """Raise JobFailed where a method cannot go down the model's levels, or not with nfe."""
    keeps = "knows only its training ladder" if network.conditioning == "index" else None
    keeps = "has one level" if len(network.sigmas) < 2 else keeps
    if keeps and method in DOWN_A_LADDER:
        others = ", ".join(each for each in filling.METHODS if each not in DOWN_A_LADDER)
        raise JobFailed(f"--method: found {method} with a model that {keeps}; one of: {others}")
    try:
        filling.plan(method, network.sigmas.cpu(), nfe)
    except JobFailed as error:
        raise JobFailed(f"--nfe: {error}") from error


def inpaint_image(
    model: Path,
    image: Path,
    mask: str,
    output: Path,
    method: str,
    nfe: int | None,
    completions: int,
    seed: int,
    step_size: float | None,
    device: str,
) -> None:
    """Write the completions of one image side by side, as 8-bit levels, and say what they took."""
    from PIL import Image

    if step_size is None and method == "replacement":
        raise JobFailed("--step-size: found none; replacement needs one")
    if step_size is not None and method not in ("replacement", "projection"):
        raise JobFailed(f"--step-size: found {step_size:g}; {method} has none")
    if step_size is not None and not 0 < step_size < math.inf:
        raise JobFailed(f"--step-size: found {step_size:g}; a finite number > 0")
    if device == "cuda" and not torch.cuda.is_available():
        raise JobFailed("--device: found cuda, but no CUDA GPU is visible; auto or cpu")
    where = devices.choose(device)
    network = read_model(model, where)
    sigmas = network.sigmas.cpu()
    nfe = nfe or max(NFE, len(sigmas) + 1)
    _check_plan(network, method, nfe)
    levels = read_image(image, network.shape)
    known = read_mask(mask, *network.shape[1:])
    values = torch.from_numpy(levels).double() * 2 / 255 - 1
    filled, spent = filling.fill(
        network,
        values.float()[None].to(where),
        operators.mask(known.to(where), network.shape),
        method,
        sigmas,
        nfe,
        completions,
        (seed, "image"),
        relative_step_size=step_size,
        label=output.name if sys.stderr.isatty() else None,
    )
    drawn = np.rint((filled[:, 0].clip(-1, 1) + 1) * 127.5).astype(np.uint8)
    drawn = np.where(known.numpy(), levels, drawn)
    beside = np.concatenate(list(drawn), axis=-1).transpose(1, 2, 0)
    with files.atomic_path(output) as temporary:
        Image.fromarray(beside.squeeze(-1) if beside.shape[-1] == 1 else beside).save(
            temporary, format="PNG"
        )
    print(f"{output}: {completions} by {method}, {spent} evaluations each")


def main(arguments: list[str]) -> None:
    """Run the command; SystemExit with status 2, having said why in one line, where it cannot."""
    given = parser().parse_args(arguments)
    with commands.answered():
        inpaint_image(**vars(given))


if __name__ == "__main__":
    main(sys.argv[1:])
