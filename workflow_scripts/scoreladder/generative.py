"""Small models of the other families: variational autoencoder, adversarial network, flow.

Each has `.loss(x0, generator) -> (n,)` to minimise and `.sample(n, generator)`; the autoencoder
and the flow have `.log_prob`. All work on x standardised by given moments and speak of x itself:
data points have `shape`, of D values in all, and densities are in the data's unit.
"""

import math

import torch
from torch import Tensor, nn
from torch.func import functional_call

from scoreladder import greys
from scoreladder.kinds import from_block
from scoreladder.networks import Perceptron, weights_from

DRAWS = 100
# the weight γ of the penalty in its paper's experiments
R1 = 10.0
# Adam moves every parameter alike, and ln scale has units to go where a weight has tenths
SCALE_GAIN = 10.0
# of standardised data's: from a scale of its size training may settle on ignoring z
FIRST_SCALE = 0.15


class Direct(nn.Module):
    """What the three share: u = (x − mean)/std, coordinate by coordinate, and back."""

    def __init__(self, shape: tuple[int, ...], mean: list[float], std: list[float]):
        super().__init__()
        self.shape = shape
        # they come from the description, so the weights' file need not hold them
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("std", torch.tensor(std), persistent=False)

    @property
    def log_volume(self) -> Tensor:
        """Σ ln std: log p(x) is log p(u) less this."""
        return self.std.log().sum()

    def standardise(self, x: Tensor) -> Tensor:
        """x (n, *shape) → u (n, D)."""
        return (x.flatten(1) - self.mean) / self.std

    def restore(self, u: Tensor) -> Tensor:
        """u (n, D) → x (n, *shape)."""
        return (u * self.std + self.mean).reshape(-1, *self.shape)

    def normal(self, n: int, dim: int, generator: torch.Generator | None) -> Tensor:
        """Standard normal numbers (n, dim) in the model's dtype, on its device."""
        like = {"dtype": self.mean.dtype, "device": self.mean.device}
        return torch.randn(n, dim, generator=generator, **like)


def log_normal(u: Tensor, mean: Tensor | float = 0.0, log_std: Tensor | float = 0.0) -> Tensor:
    """log N(u; mean, std²) = −½((u−mean)/std)² − ln std − ½ ln 2π, summed over the last dimension.

    u (..., D), mean and log_std = ln std numbers or broadcast to it; returns (...), nats.
    """
    log_std = torch.as_tensor(log_std, dtype=u.dtype, device=u.device)
    z = (u - mean) * (-log_std).exp()
    return (-0.5 * z.square() - log_std - 0.5 * math.log(2 * math.pi)).sum(dim=-1)


class VAE(Direct):
    """A variational autoencoder (arXiv 1312.6114): z ~ N(0, I), u | z ~ N(decoder(z), scale² I).

    The one scale is learned with the weights. `width` and `blocks` are those of the encoder and of
    the decoder each; `latent` is the dimension of z.
    """

    def __init__(self, shape, mean, std, width: int, blocks: int, latent: int):
        super().__init__(shape, mean, std)
        self.latent = latent
        self.encoder = Perceptron(len(mean), 2 * latent, width, blocks)
        self.decoder = Perceptron(latent, len(mean), width, blocks)
        self.scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE) / SCALE_GAIN))

    @property
    def log_scale(self) -> Tensor:
        """ln scale, a number: of the decoder's noise, in units of standardised data."""
        return SCALE_GAIN * self.scale

    def loss(self, x0: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """−ELBO/D in nats per dimension, one draw of z per sample; x0 (n, *shape) → (n,)."""
        u = self.standardise(x0)
        mean, log_std = self.encoder(u).chunk(2, dim=1)
        z = mean + log_std.exp() * self.normal(len(u), self.latent, generator)
        divergence = 0.5 * (mean.square() + (2 * log_std).exp() - 1 - 2 * log_std).sum(dim=1)
        bound = log_normal(u, self.decoder(z), self.log_scale) - divergence
        return (self.log_volume - bound) / u.shape[1]

    @torch.no_grad()
    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """A lower bound of log p(x) in nats, by 100 importance-weighted draws (arXiv 1509.00519).

        x (n, *shape) → (n,). The bound tightens as the draws increase.
        """
        u = self.standardise(x)
        mean, log_std = self.encoder(u).chunk(2, dim=1)
        weights = []
        for _ in range(DRAWS):
            z = mean + log_std.exp() * self.normal(len(u), self.latent, generator)
            joint = log_normal(u, self.decoder(z), self.log_scale) + log_normal(z)
            weights.append(joint - log_normal(z, mean, log_std))
        return torch.stack(weights).logsumexp(dim=0) - math.log(DRAWS) - self.log_volume

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws from the model, the decoder's noise included; (n, *shape)."""
        u = self.decoder(self.normal(n, self.latent, generator))
        return self.restore(u + self.log_scale.exp() * self.normal(n, u.shape[1], generator))


class GAN(Direct):
    """A generative adversarial network (arXiv 1406.2661): u = generator(z), z ~ N(0, I).

    The loss is the non-saturating one, with the R1 penalty (arXiv 1801.04406). `width` and `blocks`
    are those of the generator and of the discriminator each; `latent` is the dimension of z.
    """

    def __init__(self, shape, mean, std, width: int, blocks: int, latent: int):
        super().__init__(shape, mean, std)
        self.latent = latent
        self.generator = Perceptron(latent, len(mean), width, blocks)
        self.discriminator = Perceptron(len(mean), 1, width, blocks)

    def loss(self, x0: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Both players' losses, of which each parameter sees its own alone; (n, *shape) → (n,).

        Discriminator: ζ(−D(u)) + ζ(D(G(z))) + ½ R1 ‖∇D(u)‖², ζ = softplus; generator: ζ(−D(G(z))).
        One backward pass gives the simultaneous gradient of both.
        """
        softplus = nn.functional.softplus
        real = self.standardise(x0).requires_grad_()
        fake = self.generator(self.normal(len(x0), self.latent, generator))
        truth = self.discriminator(real)[:, 0]
        (slope,) = torch.autograd.grad(truth.sum(), real, create_graph=True)
        judged = self.discriminator(fake.detach())[:, 0]
        frozen = {name: value.detach() for name, value in self.discriminator.named_parameters()}
        fooled = functional_call(self.discriminator, frozen, (fake,))[:, 0]
        penalty = 0.5 * R1 * slope.square().sum(dim=1)
        return softplus(-truth) + softplus(judged) + penalty + softplus(-fooled)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws from the model; (n, *shape)."""
        return self.restore(self.generator(self.normal(n, self.latent, generator)))


class Flow(Direct):
    """A normalising flow: autoregressive rational-quadratic splines (arXiv 1906.04032).

    `transforms` of them, each with its masked network of `blocks` hidden layers of `width`.
    """

    def __init__(self, shape, mean, std, width: int, transforms: int, blocks: int):
        super().__init__(shape, mean, std)
        # here, because torch.distributions, which it needs, takes a third of a second
        from zuko.flows import NSF

        hidden = [width] * blocks
        self.flow = NSF(len(mean), transforms=transforms, hidden_features=hidden)

    def loss(self, x0: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """−log p(x0)/D in nats per dimension, exact; x0 (n, *shape) → (n,)."""
        return -self.log_prob(x0) / len(self.mean)

    def log_prob(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """log p(x) in nats, exact; x (n, *shape) → (n,)."""
        z, log_determinant = self.flow().transform.call_and_ladj(self.standardise(x))
        return log_normal(z) + log_determinant - self.log_volume

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws from the model, one pass per dimension and transform; (n, *shape)."""
        return self.restore(self.flow().transform.inv(self.normal(n, len(self.mean), generator)))


KINDS = {"vae": VAE, "gan": GAN, "flow": Flow}


def describe(network: dict, data: Tensor, bin_width: float = 0.0) -> dict:
    """The description of a direct model of a `network` config block for data (n, *shape).

    Plain data: {"family", "network", "shape", "mean": D numbers, "std": D numbers}. The flow, whose
    splines need it, standardises every coordinate; the others divide all by one number, so that
    distances keep their shape. bin_width is the width of the noise that `dequantise` will add, and
    of the steps of data that are grey levels.
    """
    mean, variance = greys.moments(data, bin_width)
    variance = variance + bin_width**2 / 12
    pooled = variance.mean().expand_as(variance)
    # a coordinate that is constant in the data keeps a finite density
    used = variance.maximum(1e-6 * pooled) if network["kind"] == "flow" else pooled
    return {
        "family": network["kind"],
        "network": network,
        "shape": list(data.shape[1:]),
        "mean": mean.tolist(),
        "std": used.sqrt().tolist(),
    }


def build(description: dict, seed: int = 0) -> Direct:
    """A fresh model from what `describe` returned, its weights drawn from `seed` alone.

    Raises ValueError on a kind that is not in KINDS and on keys that are missing or not the kind's.
    """
    moments = description["mean"], description["std"]
    with weights_from(seed):
        return from_block(KINDS, description["network"], tuple(description["shape"]), *moments)


def dequantise(x0: Tensor, bin_width: float, generator: torch.Generator | None = None) -> Tensor:
    """x0 plus noise uniform on [−bin_width/2, bin_width/2): discrete data as a density.

    x0 of any shape, which is kept, with its dtype and device. bin_width is the gap between
    neighbouring values; the density's log-likelihood of the noisy data bounds that of the discrete
    data from below (arXiv 1511.01844, section 3.1).
    """
    u = torch.rand(x0.shape, generator=generator, dtype=x0.dtype, device=x0.device)
    return x0 + bin_width * (u - 0.5)
