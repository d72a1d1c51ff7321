"""A model folder with random weights: draws noise, but draws it fast and in the real layout."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from lianhuan.generators import LatentDiffusion
from lianhuan.memory import LSTMMemory
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.denoiser import build_unet, save_unet
from lianhuan.models.few_steps import FEW_STEPS, HOW, FewSteps
from lianhuan.models.files import save_part
from lianhuan.models.sizes import AutoencoderConfig, TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder

CHANNELS = 4
WIDTH = 32


def tiny_model(
    folder: Path, seed: int = 0, *, few_steps: FewSteps | None = None, stage: int = 3, styles: bool = False
) -> Path:
    """Write a model with random weights, always the same for a `seed`, into `folder` and return it.

    It has every part of the embedded model, the LSTM memory included, in less than 2 MB; with `few_steps` also a denoiser for
    these, and a decoder of 256 px. `stage` and `styles` are the text encoder's.
    """
    words = tiny_tokenizer()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        large = (16, 16, 16) if few_steps else None
        autoencoder = Autoencoder(AutoencoderConfig(CHANNELS, widths=(16, 16), decoder_widths=large))
        text_encoder = StoryTextEncoder(
            TextEncoderConfig(
                words.get_vocab_size(),
                word_width=16,
                width=WIDTH,
                layers=1,
                heads=2,
                stage=stage,
                styles=styles,
            )
        )
        lead = text_encoder.config.summary_tokens
        unet, quick = (build_unet(CHANNELS, WIDTH, (16, 32), lead) for _ in range(2))
        memory = LSTMMemory(
            LSTMMemoryConfig(CHANNELS, WIDTH, picture_width=WIDTH, hidden=WIDTH, summary_tokens=lead)
        )
        torch.nn.init.normal_(memory.out.weight, std=0.5)  # zero in a new memory: nothing would be remembered
    save_part(autoencoder, autoencoder.to_config(), folder / "autoencoder")
    save_part(text_encoder, text_encoder.to_config(), folder / "text_encoder")
    words.save(str(folder / "text_encoder" / "tokenizer.json"))
    save_unet(unet, folder / "unet")
    if few_steps:
        save_unet(quick, folder / FEW_STEPS)
        _write(folder / FEW_STEPS / HOW, asdict(few_steps))
    save_part(memory, memory.to_config(), folder / "memory" / "lstm")
    _write(folder / "path" / "config.json", {"times": 1000, "prediction": "v_prediction"})
    _write(folder / "model_index.json", {"_class_name": LatentDiffusion.__name__})
    return folder


def tiny_tokenizer() -> Tokenizer:
    """A WordPiece tokenizer that spells every word."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    vocabulary = ["[PAD]", "[UNK]", *letters, *(f"##{letter}" for letter in letters), *".,!?'\""]
    words = Tokenizer(WordPiece({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    words.normalizer = BertNormalizer()
    words.pre_tokenizer = BertPreTokenizer()
    return words


def _write(path: Path, value: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
