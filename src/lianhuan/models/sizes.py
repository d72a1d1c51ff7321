"""Sizes of the autoencoder and of what it gives; no torch."""

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
