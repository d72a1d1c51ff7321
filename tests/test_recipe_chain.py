"""The whole chain of training parts at the smallest size, up to a page drawn by what came out."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.conductor import PageDone
from lianhuan.control.semantic import noisy_eye
from lianhuan.errors import RecipeError
from lianhuan.metrics.reader import load_reader
from lianhuan.models.clip import load_clip
from lianhuan.models.few_steps import FewSteps
from lianhuan.models.known_words import load_known_words
from lianhuan.train import eyes, finish, parts
from lianhuan.train.loop import TrainConfig
from lianhuan.train.words import known_words
from lianhuan.world.vocabulary import FULL

CONFIG = TrainConfig(steps=1, learning_rate=1e-3, log_every=1)


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """A run folder with words and an LSTM memory."""
    list(parts.train_autoencoder(tmp_path, CONFIG, stories=2, batch=2, resume=False))
    list(parts.train_story(tmp_path, CONFIG, stories=2, batch=1, resume=False))
    return tmp_path


def test_heads_alone_leave_words_and_memory_as_they_are(begun: Path) -> None:
    before = {path: path.read_bytes() for path in begun.rglob("model.safetensors")}
    list(parts.train_heads(begun, CONFIG, stories=2, batch=1, resume=False))
    assert [path.parent.name for path, data in before.items() if path.read_bytes() != data] == ["heads"]


def test_a_new_memory_has_the_eye_of_the_trained_one_and_nothing_else(begun: Path) -> None:
    still = replace(CONFIG, learning_rate=0.0)
    home = begun / "model" / "memory"
    trained = load_file(home / "lstm" / "model.safetensors")
    for name in ("ar-ldm", "lstm"):
        list(parts.train_memory(begun, still, name=name, anew=True, stories=2, batch=1, resume=False))
    history, lstm = (load_file(home / name / "model.safetensors") for name in ("ar-ldm", "lstm"))
    eye = [name for name in lstm if name.startswith("pictures.")]
    assert all(torch.equal(lstm[name], trained[name]) for name in eye)
    assert not torch.equal(lstm["pool.weight"], trained["pool.weight"])
    first = [name for name in history if name.startswith("encoder.stem.")]
    assert len(first) == 6
    for name in first:
        assert torch.equal(history[name], trained[name.replace("encoder.stem", "pictures.convs")])


def test_the_parts_trained_in_order_make_a_model_that_draws(tmp_path: Path) -> None:
    done = [*parts.train_autoencoder(tmp_path, CONFIG, stories=2, batch=2, resume=False)]
    done += eyes.train_reader(tmp_path, CONFIG, stories=2, batch=2, resume=False)
    done += parts.train_story(tmp_path, CONFIG, stories=2, batch=1, resume=False)
    done += parts.train_heads(tmp_path, CONFIG, stories=2, batch=1, resume=False)
    for name in ("lstm", "ar-ldm"):  # the second looks at pictures as the first one has learnt to
        done += parts.train_memory(tmp_path, CONFIG, name=name, stories=2, batch=1, resume=False)
    plan = parts.DenoiserPlan(widths=(32, 32), freeze_words=True)
    both = replace(plan, name="memories", memories=("lstm", "ar-ldm"))
    for how in (plan, both):  # the second from the first one's weights
        done += parts.train_denoiser(tmp_path, CONFIG, how, stories=2, batch=1, resume=False)
    known = load_known_words(tmp_path / "model")
    assert known is not None
    assert known.words == known_words(2), "the model brings the words that it was trained with"
    done += eyes.train_clip(tmp_path, CONFIG, stories=2, batch=2, resume=False)
    done += eyes.train_noisy_clip(tmp_path, CONFIG, stories=2, batch=4, resume=False)
    for _ in range(2):  # the second from what the first one left
        done += finish.train_sketch(
            tmp_path, CONFIG, layers=("mid_block", "up_blocks.0"), stories=2, batch=1, resume=False
        )
    encoder = (tmp_path / "model" / "autoencoder" / "model.safetensors").read_bytes()
    done += finish.train_decoder(tmp_path, CONFIG, stories=2, batch=2, sharp=0, resume=False)
    assert (tmp_path / "model" / "autoencoder" / "model.safetensors").read_bytes() != encoder
    few = FewSteps(steps=2, guidance=4.5)
    done += finish.train_few_steps(tmp_path, CONFIG, few, stories=2, batch=1, resume=False)
    done += eyes.train_latent_reader(tmp_path, CONFIG, stories=2, batch=4, resume=False)
    distilled = (tmp_path / "model" / "few_steps" / "model.safetensors").read_bytes()
    done += finish.train_reward(tmp_path, CONFIG, weight=0.1, stories=2, batch=1, resume=False)
    assert (tmp_path / "model" / "few_steps" / "model.safetensors").read_bytes() != distilled
    assert [event.recipe for event in done] == [
        "autoencoder",
        "reader",
        "story",
        "heads",
        "memory-lstm",
        "memory-ar-ldm",
        "denoiser",
        "memories",
        "clip",
        "noisy_clip",
        "sketch",
        "sketch",
        "decoder",
        "few-steps",
        "latent-reader",
        "reward",
    ]
    model = tmp_path / "model"
    for name in ("lstm", "ar-ldm"):
        memory = load_memory(name, model)
        events = illustrate(parse_story("Mia ran. She sat."), load_generator(model), memory=memory)
        drawn = [event for event in events if isinstance(event, PageDone)]
        assert [event.image.size for event in drawn] == [(256, 256)] * 2
        assert [event.recipe["steps"] for event in drawn] == [2, 2]
    assert noisy_eye(load_generator(model)) is not None
    assert load_clip(tmp_path / "clip").caption_features(["Mia ran."]).shape == (1, 192)
    assert set(load_reader(tmp_path / "reader").classes) >= {"place", "prop", "action0"}


def test_the_full_world_makes_a_model_of_four_places_and_styles(tmp_path: Path) -> None:
    list(parts.train_autoencoder(tmp_path, CONFIG, stories=2, batch=2, resume=False, world=FULL))
    list(parts.train_story(tmp_path, CONFIG, stories=2, batch=1, resume=False, world=FULL))
    plan = parts.DenoiserPlan(widths=(32, 32), memories=("lstm", "ar-ldm"), freeze_words=False)
    with pytest.raises(RecipeError, match="another world"):
        list(parts.train_denoiser(tmp_path, CONFIG, plan, stories=2, batch=1, resume=False))
    list(parts.train_denoiser(tmp_path, CONFIG, plan, stories=2, batch=1, resume=False, world=FULL))
    list(finish.train_decoder(tmp_path, CONFIG, stories=2, batch=2, sharp=0, resume=False, world=FULL))
    few = FewSteps(steps=2, guidance=4.5)
    list(finish.train_few_steps(tmp_path, CONFIG, few, stories=2, batch=1, resume=False, world=FULL))
    model = tmp_path / "model"
    four = parse_story("Mia, Tom, Ben and Ann ran.").model_copy(update={"style": "wash"})
    for engine in ("torch", "light"):
        generator = load_generator(model, engine=engine)
        assert (generator.tokenizer.sizes.stage, generator.tokenizer.sizes.styles) == (4, True)
        assert generator.tokenizer.sizes.max_length == 80
        events = list(illustrate(four, generator, memory=load_memory("lstm", model, engine=engine)))
        assert sum(isinstance(event, PageDone) for event in events) == 1
