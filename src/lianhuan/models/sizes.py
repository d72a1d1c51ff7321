"""Sizes of the autoencoder, of what it gives, and of the text encoder; no torch."""

from dataclasses import dataclass

SIDE = 16
"""Cells of a picture's latents."""


@dataclass(frozen=True)
class AutoencoderConfig:
    """Sizes of `Autoencoder`.

    Attributes:
        latent_channels: numbers of a latent cell.
        patch: side of the patches into which pictures are folded, in pixels.
        widths: of the encoder's levels; each after the first halves the side.
        decoder_widths: of the decoder's, None for those of the encoder. With more of them than `widths` the decoder draws
            larger pictures than the encoder looks at.
    """

    latent_channels: int = 8
    patch: int = 4
    widths: tuple[int, ...] = (96, 160)
    decoder_widths: tuple[int, ...] | None = None

    @property
    def seen(self) -> int:
        """Side of the pictures that the encoder looks at."""
        return int(SIDE * self.patch * 2 ** (len(self.widths) - 1))

    @property
    def size(self) -> int:
        """Side of the pictures that the decoder draws."""
        return int(SIDE * self.patch * 2 ** (len(self.decoder_widths or self.widths) - 1))


@dataclass(frozen=True)
class TextEncoderConfig:
    """Sizes of `StoryTextEncoder`, and what it is told of a page.

    Attributes:
        vocabulary: number of words.
        word_width: of a word's vector.
        width: of a token.
        layers, heads: of the transformer.
        max_length: words of a page, those of its stage among them.
        stage: places on the stage; who stands beyond them is not told.
        styles: whether the style of a page is told.
    """

    vocabulary: int
    word_width: int = 128
    width: int = 256
    layers: int = 3
    heads: int = 4
    max_length: int = 60
    stage: int = 3
    styles: bool = False

    @property
    def summary_tokens(self) -> int:
        """Leading tokens of every context: one for the page as a whole, one for each place on the stage."""
        return 1 + self.stage

    @property
    def segments(self) -> int:
        """Number of segment ids: 0 caption, 1 place, 2.. the characters on stage in order, the last one the style."""
        return 2 + self.stage + self.styles
