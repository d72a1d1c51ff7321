"""A tiny objective of stories, for tests of training."""

import numpy as np
import torch

from lianhuan.data.world import FRAMES, WorldPictures
from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.ar_ldm import ARLDMMemoryConfig
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.models.denoiser import Denoiser, build_unet
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import NoisePath
from lianhuan.testing.models import tiny_tokenizer
from lianhuan.train.story import StoryData, StoryObjective


def story(pictures: WorldPictures, *, stage: int = 3, styles: bool = False) -> StoryObjective:
    torch.manual_seed(0)
    words = tiny_tokenizer()
    text = StoryTextEncoder(
        TextEncoderConfig(words.get_vocab_size(), 16, 32, 1, 2, stage=stage, styles=styles)
    )
    memories = [
        LSTMMemory(LSTMMemoryConfig(4, 32, 32, 16, summary_tokens=1 + stage)),
        ARLDMMemory(ARLDMMemoryConfig(4, width=32, heads=2, layers=1)),
    ]
    latents = torch.randn(4, FRAMES, 4, 16, 16)
    focus = np.zeros((4, FRAMES, 16, 16, 2), dtype=np.uint8)
    data = StoryData(latents, focus, pictures, PageTokenizer(words, text.config), batch=2, seed=0)
    denoiser = Denoiser(build_unet(4, 32, (16, 32), 1 + stage), NoisePath.cosine(), "v_prediction")
    return StoryObjective(text, memories, data, denoiser)
