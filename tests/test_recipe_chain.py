"""The whole chain of training parts at the smallest size, up to a page drawn by what came out."""

from dataclasses import replace
from pathlib import Path

from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.conductor import PageDone
from lianhuan.metrics.reader import load_reader
from lianhuan.models.clip import load_clip
from lianhuan.train import parts
from lianhuan.train.loop import TrainConfig

CONFIG = TrainConfig(steps=1, learning_rate=1e-3, log_every=1)


def test_the_parts_trained_in_order_make_a_model_that_draws(tmp_path: Path) -> None:
    done = [*parts.train_autoencoder(tmp_path, CONFIG, stories=2, batch=2, resume=False)]
    done += parts.train_reader(tmp_path, CONFIG, stories=2, batch=2, resume=False)
    done += parts.train_story(tmp_path, CONFIG, stories=2, batch=1, resume=False)
    done += parts.train_memory(tmp_path, CONFIG, stories=2, batch=1, resume=False)
    plan = parts.DenoiserPlan(widths=(32, 32), freeze_words=True)
    both = replace(plan, name="memories", memories=("lstm", "ar-ldm"))
    for how in (plan, both):  # the second from the first one's weights
        done += parts.train_denoiser(tmp_path, CONFIG, how, stories=2, batch=1, resume=False)
    done += parts.train_clip(tmp_path, CONFIG, stories=2, batch=2, resume=False)
    assert [event.recipe for event in done] == [
        "autoencoder",
        "reader",
        "story",
        "memory",
        "denoiser",
        "memories",
        "clip",
    ]
    model = tmp_path / "model"
    for name in ("lstm", "ar-ldm"):
        memory = load_memory(name, model)
        events = illustrate(parse_story("Mia ran. She sat."), load_generator(model), memory=memory, steps=1)
        assert [event.image.size for event in events if isinstance(event, PageDone)] == [(128, 128)] * 2
    assert load_clip(tmp_path / "clip").caption_features(["Mia ran."]).shape == (1, 192)
    assert set(load_reader(tmp_path / "reader").classes) >= {"place", "prop", "action0"}
