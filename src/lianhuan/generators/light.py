"""The embedded model's generator without torch: networks by OpenVINO, everything else in NumPy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from PIL import Image
from tokenizers import Tokenizer

from lianhuan.arrays import Array, floats
from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Control, Engine, Input
from lianhuan.generators.latent import LatentGenerator, Quick
from lianhuan.generators.loop import Predict, Predictions, any_loses, branches_of
from lianhuan.images import fit_square
from lianhuan.models.context import Context
from lianhuan.models.few_steps import FEW_STEPS, read_few_steps
from lianhuan.models.files import fingerprint, load_arrays, read_config, read_ranges
from lianhuan.models.light.autoencoder import decoder, encoder
from lianhuan.models.light.graph import Graph
from lianhuan.models.light.run import Network
from lianhuan.models.light.text_encoder import text_encoder
from lianhuan.models.light.unet import sinusoids, summary_tokens, unet, words
from lianhuan.models.sizes import SIDE, AutoencoderConfig, TextEncoderConfig
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import NoisePath, clean, page_noise
from lianhuan.story import PageRequest

TOGETHER = 4
"""Pages of one call where there are so many: fewer gain little, and each number is a network of its own that takes memory."""


TRIED_AT = 500.0
"""A time between picture and noise."""


@dataclass(frozen=True)
class Seen:
    """What a denoiser sees of the words of B pages: `mask` (B, L), 1 = keep, and the outputs of `lianhuan.models.light.unet.words`."""

    mask: Array
    words: Mapping[str, Array]


class LightDenoiser:
    """`lianhuan.models.denoiser.Denoiser` for pages of the embedded model.

    Args:
        folder: of the UNet.
        path: between pictures and noise.
        prediction: "epsilon" or "v_prediction".
        length: number of tokens of a page.
        rows: how many are drawn at once as a rule; what does not fit is then told before anything is drawn. 0 asks nothing.

    Raises:
        CheckpointError: a part is missing, damaged, or of a kind that this engine does not know.
    """

    def __init__(self, folder: Path, path: NoisePath, prediction: str, length: int, rows: int):
        self.path = path
        self.prediction = prediction
        self.folder = folder
        self.config, self.ranges = read_config(folder), read_ranges(folder)
        self._networks = cache(self._build)
        self.together = cache(self._together)
        if rows:
            self._networks(rows, length)

    def __call__(self, x: Array, t: float, context: "Context | Seen") -> Array:
        """The estimate of x0, (B, C, H, W), from `x` at time `t`."""
        seen = context if isinstance(context, Seen) else self.read(context)
        time = sinusoids(t, self.config["block_out_channels"][0])
        _, network = self._networks(*seen.mask.shape)
        out = network(x=x, time=time, mask=seen.mask, **seen.words)["out"]
        return clean(self.prediction, x, out, self.path.alpha(t), self.path.sigma(t))

    def read(self, context: Context) -> "Seen":
        """What it sees of the words of some pages at all times."""
        reader, _ = self._networks(*context.mask.shape)
        return Seen(floats(context.mask), reader(tokens=context.tokens))

    def _together(self, branches: int, length: int) -> int:
        """How many pages of so many branches and tokens go into one call: 1 where more would change the last bits of a page.

        Whether they do depends on how the processor sums, so it is tried, once.
        """
        dice, rows = np.random.default_rng(0), TOGETHER * branches
        side, channels = self.config["sample_size"], self.config["in_channels"]
        x: Array = dice.standard_normal((rows, channels, side, side), np.float32)
        words = (rows, length, self.config["cross_attention_dim"])
        tokens: Array = dice.standard_normal(words, np.float32)
        least = summary_tokens(self.config)
        mask: Array = np.arange(length) < np.linspace(length, least, rows)[:, None]
        pages = [slice(row, row + branches) for row in range(0, rows, branches)]
        alone = [self(x[page], TRIED_AT, Context(tokens[page], mask[page])) for page in pages]
        same = np.array_equal(self(x, TRIED_AT, Context(tokens, mask)), np.concatenate(alone))
        return TOGETHER if same else 1

    def _build(self, rows: int, length: int) -> tuple[Network, Network]:
        """What reads the words of so many pages, and what draws them."""
        arrays = load_arrays(self.folder)  # not kept: the networks have their own

        def network(of: Callable[..., ov.Model]) -> Network:
            return Network(self.folder, lambda: of(Graph(arrays, self.ranges), self.config, rows, length))

        return network(words), network(unet)


class LightDiffusion(LatentGenerator):
    """The embedded model's generator, and that of models trained like it, with the engine "light".

    It draws what `lianhuan.generators.LatentDiffusion` draws, but for rounding. A network is made ready when it is first
    needed.

    Args:
        folder: of the model.
        name: what the user called it.
        parts: what decides its pictures, for the fingerprint.

    Raises:
        CheckpointError: a part is missing, damaged, or of a kind that this engine does not know.
    """

    engine: Engine = "light"
    accepts: frozenset[Input] = frozenset({"tokens"})
    negates = False

    def __init__(self, folder: Path, name: str, parts: Sequence[str]):
        self.name = name
        self.fingerprint = fingerprint(folder, parts)
        self._words = load_arrays(folder / "text_encoder")
        autoencoder, words_config, path = (
            read_config(folder / part) for part in ("autoencoder", "text_encoder", "path")
        )
        try:
            tokenizer = Tokenizer.from_file(str(folder / "text_encoder" / "tokenizer.json"))
            text = TextEncoderConfig(**words_config)
            self.tokenizer = PageTokenizer(tokenizer, text)
            way = NoisePath.cosine(path["times"]), path["prediction"]
            sizes = AutoencoderConfig(**autoencoder)
            self.bound = path.get("bound")
        except Exception as error:  # the tokenizers library raises bare Exception
            raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
        self.size, self.cell = sizes.size, sizes.size // SIDE
        self._shape = (sizes.latent_channels, SIDE, SIDE)
        home = folder / "autoencoder"
        arrays, ranges, length = load_arrays(home), read_ranges(home), text.max_length
        self._encode = Network(home, lambda: encoder(Graph(arrays, ranges), sizes))
        self._decode = Network(home, lambda: decoder(Graph(arrays, ranges), sizes))
        self._read = Network(
            folder / "text_encoder",
            lambda: text_encoder(Graph(self._words), text.layers, text.heads, length),
        )
        part, length = folder / FEW_STEPS, length + text.summary_tokens
        self.denoiser: Any = LightDenoiser(folder / "unet", *way, length, 0 if part.is_dir() else 2)
        if part.is_dir():
            quick: Any = LightDenoiser(part, *way, length, 1)
            self.quick = Quick(quick, read_few_steps(part))

    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """Context of each page, (B, S + L, D); a page has the same numbers in any batch."""
        ids, segments, mask = self.tokenizer.arrays(requests)
        look = self._words.rows
        rows = [
            self._read(
                words=look("words.weight", one),
                segments=look("segments.weight", kind),
                mask=keep.astype(np.float32),
            )["tokens"]
            for one, kind, keep in zip(
                *(np.split(part, len(requests)) for part in (ids, segments, mask)), strict=True
            )
        ]
        lead: Array = np.ones((len(requests), self.tokenizer.sizes.summary_tokens), dtype=bool)
        keep: Array = np.concatenate([lead, mask], axis=1)
        tokens: Array = np.concatenate(rows)
        return Context(
            tokens, keep, tuple(frozenset(entry.name for entry in page.stage) for page in requests)
        )

    def null(self, count: int, words: str = "") -> Context:
        """The context of `count` pages that say nothing, or nothing but `words`."""
        return self.encode([PageRequest(scene_id="", caption=words)] * count)

    def encode_pictures(self, images: Sequence[Image.Image]) -> Array:
        """Latents (B, C, h, w) of pictures of any size, cropped to the middle square."""
        pixels = [np.asarray(fit_square(image, self.size).convert("RGB"))[None] for image in images]
        return np.concatenate([self._encode(picture=one)["latents"] for one in pixels])

    def decode(self, latents: Array) -> list[Image.Image]:
        """Pictures of latents (B, C, h, w)."""
        rows = np.split(latents, len(latents))
        return [Image.fromarray(self._decode(latents=row)["picture"][0]) for row in rows]

    def _predict(
        self, denoiser: Any, contexts: Sequence[Mapping[str, Context]], controls: Sequence[Control]
    ) -> Predict:
        """All branches of a page in one call, and some pages where that leaves their bytes as they are."""
        if any_loses(controls):
            raise CheckpointError(
                f"{self.name}: a control with a loss needs gradients, which the light engine has not; take the engine 'torch'"
            )
        branches = branches_of(controls)
        pages = [_together([page[branch] for branch in branches]) for page in contexts]
        calls = _calls(denoiser, pages)
        cuts = np.cumsum([len(call.mask) for call in calls])[:-1]

        def predict(x: Array, t: float) -> Predictions:
            rows = np.split(np.repeat(x, len(branches), axis=0), cuts)
            found = [denoiser(some, t, call) for some, call in zip(rows, calls, strict=True)]
            estimates: Array = np.concatenate(found)
            return {branch: estimates[i :: len(branches)] for i, branch in enumerate(branches)}, {}

        return predict

    def _noise(self, requests: Sequence[PageRequest]) -> Array:
        return np.stack([page_noise(r.seed, r.scene_id, r.take, self._shape) for r in requests])


def _calls(denoiser: LightDenoiser, pages: Sequence[Context]) -> list[Seen]:
    """What the denoiser sees of the pages, those together that it takes in one call."""
    most = denoiser.together(*pages[0].mask.shape) if len(pages) >= TOGETHER else 1
    full = len(pages) - len(pages) % most
    joined = [_together(pages[i : i + most]) for i in range(0, full, most)]
    return [denoiser.read(page) for page in (*joined, *pages[full:])]


def _together(contexts: Sequence[Context]) -> Context:
    """The branches of a page, or some pages, in one context."""
    tokens: Array = np.concatenate([context.tokens for context in contexts])
    mask: Array = np.concatenate([context.mask for context in contexts])
    return Context(tokens, mask)
