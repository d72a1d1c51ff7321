"""Claims about what a book says of its cast: weights of a character's words, and pictures of a character."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from checkpoint_runs import LONG, draw, page
from cli_runs import fails, run
from lianhuan import Book, illustrate, load_generator, load_memory, parse_story
from lianhuan.book import Settings
from lianhuan.conductor import PageDone, draw_book
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError, PictureError
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.story import Character, PageRequest, StageEntry
from lianhuan.testing.checkpoints import tiny_ip_adapter

TEXT = "Mia ran to the beach. Jon laughed. Mia and Jon went home."


def weighted(weight: float, caption: str = "Mia sees Jon") -> PageRequest:
    mia = StageEntry(name="Mia", kind="girl", look="red coat", weight=weight)
    return page(caption=caption, stage=(mia, StageEntry(name="Jon", kind="boy")))


class TestWeights:
    def test_1_changes_nothing_and_is_not_written_down(self, generator: StableDiffusion) -> None:
        bare = PageRequest.model_validate(weighted(1.0).model_dump())
        assert "weight" not in str(bare.model_dump())
        assert weighted(0.5).model_dump()["stage"][0]["weight"] == 0.5
        assert torch.equal(generator.encode([weighted(1.0)]).tokens, generator.read(PROMPT).tokens)

    @pytest.mark.parametrize("caption", ["Mia sees Jon", LONG + " Mia sees Jon"])
    def test_others_move_the_characters_words_and_no_others(
        self, caption: str, generator: StableDiffusion
    ) -> None:
        """Along the line from the empty prompt; what is told beside the words stays as well."""
        plain, half, none, more = (generator.encode([weighted(w, caption)]) for w in (1.0, 0.5, 0.0, 1.5))
        moved = (half.tokens != plain.tokens).any(2)[0].nonzero().flatten().tolist()
        assert moved == sorted(plain.told.names[0]["Mia"])
        assert 0 < len(moved) < plain.tokens.shape[1] / 2
        assert caption == "Mia sees Jon" or max(moved) > 77  # in the second chunk, too
        empty = generator.read("").tokens[0, [at % 77 for at in moved]]
        assert torch.equal(none.tokens[0, moved], empty)
        assert torch.allclose(half.tokens[0, moved], (empty + plain.tokens[0, moved]) / 2, atol=1e-5)
        assert torch.allclose(more.tokens - plain.tokens, plain.tokens - half.tokens, atol=1e-4)
        assert generator.null(1).told is None
        if plain.extra is not None:
            assert torch.equal(plain.extra, half.extra)

    def test_the_picture_follows(self, generators: dict[str, StableDiffusion]) -> None:
        drawn = [draw(generators["sd1"], [weighted(w)], [ClassifierFree(4.0)])[1][0] for w in (1.0, 0.2)]
        assert drawn[0].tobytes() != drawn[1].tobytes()

    def test_models_that_take_none_refuse_them_before_anything_is_drawn(self, tiny_model: Path) -> None:
        story = parse_story("Mia ran.")
        mia = story.cast[0].model_copy(update={"weight": 0.5})
        events = illustrate(
            story.model_copy(update={"cast": (mia,)}),
            load_generator(tiny_model),
            memory=load_memory("none", tiny_model),
        )
        with pytest.raises(
            CheckpointError, match="takes no weights of characters; remove the `weight` of Mia"
        ):
            next(events)

    def test_they_are_0_to_2(self) -> None:
        for wrong in (-0.1, 2.1):
            with pytest.raises(ValueError, match="weight"):
                Character(name="Mia", weight=wrong)


PROMPT = "Mia sees Jon, Mia is a girl, red coat, Jon is a boy"


def test_the_end_of_a_long_prompt_counts(generator: StableDiffusion) -> None:
    """The tail stands beyond the 77 tokens that CLIP reads."""
    one, other = (page(caption=LONG * 2 + end) for end in (" a red kite", " a blue kite"))
    assert generator.encode([one]).tokens.shape[1] == 3 * 77
    assert draw(generator, [one])[1][0].tobytes() != draw(generator, [other])[1][0].tobytes()


def book_of(folder: Path, model: Path, memory: str) -> Book:
    story = parse_story(TEXT)
    return Book.create(
        folder,
        story,
        source_text=TEXT,
        seed=0,
        generator=str(model),
        memory=memory,
        settings=Settings(steps=2),
    )


def pictured(book: Book, **pictures: str) -> Book:
    cast = [member.model_copy(update={"picture": pictures.get(member.name)}) for member in book.file.cast]
    book.change_book(cast=tuple(cast))
    return Book.open(book.folder)


def drawn(book: Book) -> list[bytes]:
    model, memory = book.file.generator, book.file.memory
    for event in draw_book(book, load_generator(model), load_memory(memory, model)):
        assert not isinstance(event, PageDone) or event.image
    return shown(book.folder)


class TestPictures:
    """Of the cast: the memory sees them before the first page."""

    @pytest.mark.parametrize("memory", ["image-prompt", "shared-attention"])
    def test_pages_with_the_character_go_by_it(
        self, memory: str, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        called = memory
        if memory == "image-prompt":
            called = f"{memory}={tiny_ip_adapter(tmp_path / 'models', folders['sd1'])}"
        plain = drawn(book_of(tmp_path / "plain", folders["sd1"], called))
        book = book_of(tmp_path / "book", folders["sd1"], called)
        (book.folder / "cast").mkdir()
        Image.effect_mandelbrot((70, 50), (-2, -1, 1, 1), 9).save(book.folder / "cast" / "mia.png")
        book = pictured(book, Mia="cast/mia.png")
        assert book.file.cast[0].picture == "cast/mia.png"
        pages = drawn(book)
        assert [a == b for a, b in zip(plain, pages, strict=True)] == [False, True, False]
        assert drawn(Book.open(book.folder)) == pages
        assert book.stale() == {}
        without = pictured(book)
        assert list(without.stale()) == ["s001", "s003"]
        assert set(without.stale().values()) == {"its stage was edited after it was drawn"}
        assert drawn(without) == plain

    def test_without_memory_none_is_needed(self, tiny_model: Path, tmp_path: Path) -> None:
        pages = drawn(book_of(tmp_path / "plain", tiny_model, "none"))
        assert drawn(pictured(book_of(tmp_path / "book", tiny_model, "none"), Mia="cast/none.png")) != []
        assert len(pages) == 3

    def test_one_that_is_missing_stops_before_anything_is_drawn(
        self, tiny_model: Path, tmp_path: Path
    ) -> None:
        book = pictured(book_of(tmp_path / "book", tiny_model, "lstm"), Mia="cast/none.png")
        with pytest.raises(PictureError, match=r"cast/none\.png: not a readable picture"):
            drawn(book)
        fails("illustrate", book.folder, says="cast/none.png: not a readable picture")
        assert not list(book.folder.glob("takes/*/*.png"))

    def test_the_command_line_draws_with_an_adapter_and_the_book_remembers_it(
        self, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        story, book = tmp_path / "story.txt", tmp_path / "book"
        story.write_text(TEXT, encoding="utf-8")
        file = tiny_ip_adapter(tmp_path / "models", folders["sd1"])
        how = ["--generator", folders["sd1"], "--memory", f"image-prompt={file.parent}", "--steps", 2]
        assert run("illustrate", story, "-o", book, *how).exit_code == 0
        before = shown(book)
        assert run("illustrate", book).exit_code == 0
        assert shown(book) == before
        assert run("redraw", book, "--page", 3).exit_code == 0
        assert [a == b for a, b in zip(before, shown(book), strict=True)] == [True, True, False]
        tiny_ip_adapter(tmp_path / "models", folders["sd1"], seed=1)  # another one in its place
        again = shown(book)
        assert run("illustrate", book).exit_code == 0
        assert [a == b for a, b in zip(again, shown(book), strict=True)] == [True, True, False]


def shown(folder: Path) -> list[bytes]:
    book = Book.open(folder)
    return [Image.open(book.picture(page.id)).tobytes() for page in book.file.scenes]
