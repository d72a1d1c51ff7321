"""Claims about characters learnt from a few pictures."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from cli_runs import run
from lianhuan import load_generator
from lianhuan.book import Book, differing_pages
from lianhuan.data.captioned import CaptionedPicture, read_captioned
from lianhuan.errors import CheckpointError, LianhuanError, PictureError, RecipeError
from lianhuan.generators import LatentDiffusion
from lianhuan.generators.adapted import with_characters
from lianhuan.models.adapter import MODES, Adapter
from lianhuan.story import PageRequest, StageEntry
from lianhuan.testing import tiny_model
from lianhuan.train.adapt import AdaptConfig, adapt

NAME = "Zuzu"


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> LatentDiffusion:
    return load_generator(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


def pictures(count: int = 4) -> list[CaptionedPicture]:
    colours = ["#c03020", "#c04030", "#b03020", "#c03040"]
    return [
        CaptionedPicture(Image.new("RGB", (40, 30), colour), f"{NAME} ran.") for colour in colours[:count]
    ]


def learn(generator: LatentDiffusion, path: Path, **settings: object) -> Adapter:
    config = AdaptConfig(**{"name": NAME, "kind": "fox", "steps": 3, **settings})  # type: ignore[arg-type]
    assert list(adapt(generator, pictures(), config, path))
    return Adapter.load(path)


def page(*names: str) -> PageRequest:
    return PageRequest(
        scene_id="s1", caption=" and ".join(names) + " ran.", stage=tuple(StageEntry(name=n) for n in names)
    )


def weights(generator: LatentDiffusion) -> list[torch.Tensor]:
    modules = (generator.text_encoder, generator.denoiser)
    return [p.clone() for module in modules for p in module.parameters()]


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_learns_what_it_says_and_leaves_the_generator_alone(
    generator: LatentDiffusion, mode: str, tmp_path: Path
) -> None:
    before, mark = weights(generator), generator.fingerprint
    adapter = learn(generator, tmp_path / "zuzu.safetensors", mode=mode)
    assert all(torch.equal(a, b) for a, b in zip(before, weights(generator), strict=True))
    adapted = with_characters(generator, {NAME: adapter})
    assert generator.fingerprint == mark != adapted.fingerprint
    start = generator.text_encoder.words.weight[generator.tokenizer.tokenizer.encode("fox").ids].mean(0)
    assert not torch.allclose(adapter.token, start)
    parts = {name.split(".")[0] for name in adapter.changes}
    assert parts == {"token": set(), "lora": {"unet"}, "full": {"unet", "text"}}[mode]


def test_the_adapter_gives_back_the_trained_weights(generator: LatentDiffusion, tmp_path: Path) -> None:
    """The low-rank file holds the change exactly, up to 16-bit rounding, and is much smaller than all weights."""
    from lianhuan.train.adapt import AdaptObjective
    from lianhuan.train.loop import TrainConfig, train

    config = AdaptConfig(name=NAME, kind="fox", rank=2)
    objective = AdaptObjective(generator, pictures(), config)
    list(train("x", objective, TrainConfig(steps=5, learning_rate=1e-2, warmup=1), tmp_path))
    adapter = objective.adapter(generator.fingerprint)
    adapter.save(tmp_path / "a.safetensors")
    loaded = Adapter.load(tmp_path / "a.safetensors")
    assert set(loaded.changes) == set(adapter.changes) != set()
    for name, change in adapter.changes.items():
        torch.testing.assert_close(
            loaded.changes[name], change, atol=2e-3 * float(change.abs().max()), rtol=0
        )
    whole = sum(p.numel() * 2 for p in generator.denoiser.parameters())
    assert (tmp_path / "a.safetensors").stat().st_size < whole / 4


def test_a_token_leaves_every_other_page_as_it_was(generator: LatentDiffusion, tmp_path: Path) -> None:
    adapted = with_characters(generator, {NAME: learn(generator, tmp_path / "a.safetensors", mode="token")})
    assert torch.equal(adapted.encode([page("mia")]).tokens, generator.encode([page("mia")]).tokens)
    assert not torch.equal(adapted.encode([page(NAME)]).tokens, generator.encode([page(NAME)]).tokens)


def test_the_name_is_one_word_also_in_chinese(generator: LatentDiffusion, tmp_path: Path) -> None:
    for name, text in ((NAME, f"Then {NAME}, the fox, ran."), ("小祖", "然后小祖跑了。")):
        config = AdaptConfig(name=name, kind="fox", steps=1, mode="token")
        told = [CaptionedPicture(p.image, f"{name}.") for p in pictures()]
        list(adapt(generator, told, config, tmp_path / "a.safetensors"))
        words = with_characters(generator, {name: Adapter.load(tmp_path / "a.safetensors")}).tokenizer
        assert name in words.tokenizer.encode(text).tokens
    assert NAME not in words.tokenizer.encode("Zuzuland").tokens


class TestBadInput:
    @pytest.mark.parametrize(
        ("count", "settings", "error"),
        [
            (2, {}, RecipeError),
            (4, {"mode": "magic"}, RecipeError),
            (4, {"name": "Nobody"}, RecipeError),
            (4, {"kind": "🦊"}, CheckpointError),
        ],
    )
    def test_a_clear_error_and_no_file(
        self,
        generator: LatentDiffusion,
        tmp_path: Path,
        count: int,
        settings: dict,
        error: type[LianhuanError],
    ) -> None:
        config = AdaptConfig(**{"name": NAME, "kind": "fox", "steps": 1, **settings})
        with pytest.raises(error):
            list(adapt(generator, pictures(count), config, tmp_path / "a.safetensors"))
        assert not list(tmp_path.iterdir())

    def test_an_adapter_of_another_model_is_refused(self, generator: LatentDiffusion, tmp_path: Path) -> None:
        adapter = learn(generator, tmp_path / "a.safetensors", mode="token")
        other = load_generator(tiny_model(tmp_path / "other", seed=1))
        with pytest.raises(CheckpointError, match="another model"):
            with_characters(other, {NAME: adapter})

    @pytest.mark.parametrize("data", [b"", b"\x80\x04pickle", b"{}" * 50])
    def test_a_damaged_adapter_is_refused(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "a.safetensors").write_bytes(data)
        with pytest.raises(CheckpointError):
            Adapter.load(tmp_path / "a.safetensors")

    def test_folders_of_pictures_are_checked(self, tmp_path: Path) -> None:
        with pytest.raises(PictureError, match="no folder"):
            read_captioned(tmp_path / "none")
        with pytest.raises(PictureError, match="no pictures"):
            read_captioned(tmp_path)
        Image.new("RGB", (8, 8)).save(tmp_path / "1.png")
        assert read_captioned(tmp_path)[0].caption is None
        (tmp_path / "1.txt").write_bytes(b"\xff\xfe\xff")
        with pytest.raises(PictureError, match="UTF-8"):
            read_captioned(tmp_path)


def test_the_command_line_learns_and_draws_a_character(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, picture in enumerate(pictures()):
        picture.image.save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(f"{NAME} ran.", encoding="utf-8")
    adapter, tale = tmp_path / "zuzu.safetensors", tmp_path / "story.txt"
    tale.write_text(f"{NAME} went to the forest. He ran.", encoding="utf-8")
    model = ("--generator", str(tiny_model), "--steps", "1")
    learnt = run("adapt", "--name", NAME, "--pictures", str(folder), "--init", "fox", "-o", str(adapter),
                 "--generator", str(tiny_model), "--steps", "2")  # fmt: skip
    assert learnt.exit_code == 0, learnt.output
    plain = run("illustrate", str(tale), "-o", str(tmp_path / "plain"), *model)
    book = tmp_path / "book"
    drawn = run("illustrate", str(tale), "-o", str(book), "--character", f"{NAME}={adapter}", *model)
    assert plain.exit_code == drawn.exit_code == 0, drawn.output
    assert differing_pages(Book.open(tmp_path / "plain"), Book.open(book)) == ["s001", "s002"]
    (member,) = Book.open(book).file.cast
    assert (member.name, member.kind, member.adapter) == (NAME, "fox", str(adapter))
    before = {path: path.stat().st_mtime_ns for path in book.glob("takes/*/*")}
    assert run("illustrate", str(book)).exit_code == 0
    assert before == {path: path.stat().st_mtime_ns for path in book.glob("takes/*/*")}
    unknown = run("illustrate", str(tale), "-o", str(book), "--character", f"Bob={adapter}", *model)
    assert unknown.exit_code != 0
    assert "nobody in this story is called 'Bob'" in unknown.output
