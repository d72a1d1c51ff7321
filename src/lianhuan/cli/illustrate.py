"""`lianhuan illustrate`: draw a picture book."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lianhuan.cli import options
from lianhuan.cli.books import Shelf, places
from lianhuan.cli.stories import HELP, read_source, refuse_with_book
from lianhuan.cli.threads import use_cores

if TYPE_CHECKING:
    from lianhuan.book import Book, BookFile, Settings
    from lianhuan.generators import Compute, Extras, Generator
    from lianhuan.generators.base import Engine
    from lianhuan.memory import Memory
    from lianhuan.story import Story


def illustrate(  # noqa: PLR0913 - one argument per option
    story: Annotated[list[str], typer.Argument(metavar="STORY", help=HELP)],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder of the book; needed unless STORY is a book. With several stories, the folder of their books, each named "
            "after its file.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the pictures. [default: 0]")] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DIR",
            help="What crosses from page to page: none, lstm, ar-ldm, shared-attention, image-prompt[=PATH of an IP-Adapter], "
            "reference, copy-paste, the folder of a memory trained beside a model, or several with +. [default: lstm]",
        ),
    ] = None,
    generator: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH",
            help="'storybook', the embedded model; a model folder, also one of diffusers; a .safetensors file of Stable "
            "Diffusion; or a hub name. "
            "[default: storybook]",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Denoising steps of a page, 1 to 1000. [default: the model's own; 20 for checkpoints]"
        ),
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(
            help="How strictly the words are followed, 0 to 100; 1 means no guidance. [default: 4.5]"
        ),
    ] = None,
    sampler: options.Sampler = None,
    negative_prompt: options.Negative = None,
    lora: options.Lora = None,
    embedding: options.Embedding = None,
    vae: options.Vae = None,
    config: options.Config = None,
    engine: options.EngineOption = "auto",
    device: options.Device = None,
    dtype: options.Dtype = None,
    low_memory: options.LowMemory = False,
    compiled: options.Compile = False,
    character: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=ADAPTER", help="A character learnt by `lianhuan adapt`; may be repeated."),
    ] = None,
    first_frame: Annotated[
        Path | None, typer.Option(metavar="IMG", help="Picture of the first page; the story goes on from it.")
    ] = None,
    scenes: Annotated[
        str | None,
        typer.Option(metavar="sentence|paragraph|N", help="What one page holds. [default: sentence]"),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Title. [default: first heading, or the file's name]")
    ] = None,
    style: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="How all pages are drawn, in words: 'watercolour'. For models that know several ways; the embedded one has its own.",
        ),
    ] = None,
    font: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Font file or folder to prefer; may be repeated."),
    ] = None,
    only_stale: Annotated[
        bool,
        typer.Option(
            "--only-stale", help="Draw only the pages of a book that changed since they were drawn."
        ),
    ] = False,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many of several books are drawn side by side; more take more memory. [default: 4]",
        ),
    ] = None,
    max_characters: Annotated[int | None, typer.Option(min=1, help="Longest text that is read.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Draw the picture book of STORY, or one of each STORY.

    It is drawn page after page; the paths of its PDF and its HTML page are printed.

    A book that was stopped goes on where it was; options that are not given are then the book's own. Edit its book.yaml
    and run `lianhuan illustrate DIR` to draw the pages that changed; all others keep their pictures.

    Several books are drawn side by side, each as it would be alone. One that cannot be drawn does not stop the others.
    """
    if len(story) > 1:
        _refuse_with_several(title=title, first_frame=first_frame, character=character)
    shelf = Shelf(several=len(story) > 1, fonts=font or (), as_json=as_json)
    plans: dict[str, _Plan] = {}
    for source, place in zip(story, places(story, out), strict=True):
        with shelf.may_fail(source):
            plan = _plan(source, place, scenes=scenes, title=title, max_characters=max_characters)
            plans[source] = plan if style is None else plan.in_style(style)
    if only_stale and (first_frame is not None or any(plan.old is None for plan in plans.values())):
        raise typer.BadParameter("--only-stale is for a book that is drawn already, without --first-frame")
    wish = _Wish(
        generator,
        memory,
        {"steps": steps, "guidance": guidance, "sampler": sampler, "negative_prompt": negative_prompt},
        {"config": config, "vae": vae, "loras": lora, "embeddings": embedding},
        options.Computing(engine, device, dtype, low_memory, compiled),
        character or (),
    )

    from lianhuan.conductor import Book, Drawing
    from lianhuan.images import load_picture

    given = None if first_frame is None else load_picture(first_frame)
    load = cache(_load)
    settled = {source: wish.settled(plan, load) for source, plan in plans.items()}
    drawings: dict[str, Drawing] = {}
    for source, plan in plans.items():
        how = settled[source]
        with shelf.may_fail(source):
            book = Book.create(
                plan.folder,
                plan.story,
                source_text=plan.text,
                seed=seed if seed is not None else plan.old.seed if plan.old else 0,
                generator=how.model,
                memory=how.memory.name,
                settings=how.settings,
            )
            drawing = _with_learnt(book, how.generator, wish.learnt)
            drawings[source] = Drawing(book, drawing, how.memory, given, only_stale)
    shelf.draw(drawings, batch)


def _refuse_with_several(**given: object) -> None:
    for name, value in given.items():
        if value:
            raise typer.BadParameter(f"--{name.replace('_', '-')} is for one story; draw that one alone")


@dataclass(frozen=True)
class _Plan:
    """What to draw and where; `old` is what the folder's book.yaml holds already."""

    story: "Story"
    text: str
    folder: Path
    old: "BookFile | None"

    def in_style(self, style: str) -> "_Plan":
        """The same, drawn in a style."""
        return replace(self, story=self.story.model_copy(update={"style": style}))


@dataclass(frozen=True)
class _Settled:
    """What a book is drawn with."""

    model: str
    settings: "Settings"
    generator: "Generator"
    memory: "Memory"


@dataclass(frozen=True)
class _Wish:
    """What the options say of all books; None leaves it to each book."""

    generator: str | None
    memory: str | None
    how: Mapping[str, float | str | None]
    added: Mapping[str, Any]
    computing: options.Computing
    learnt: Iterable[str]

    def settled(self, plan: _Plan, load: "_Load") -> _Settled:
        """What a book is drawn with; refuses what does not go together before a book is there."""
        from lianhuan.generators import STORYBOOK
        from lianhuan.story import DEFAULT_STEPS

        old = plan.old
        settings = _settings(old, **self.how)
        model = self.generator or (old.generator if old else STORYBOOK)
        method = self.memory or (old.memory if old else "lstm")
        extras = options.chosen_extras(old, model, **self.added)
        learnt = bool(self.learnt) or any(member.adapter for member in plan.story.cast)
        engine, compute = self.computing.settled(model, method, extras, learnt=learnt)
        generator, memory = load(model, method, extras, engine, compute)
        generator.check(settings.sampler, settings.negative_prompt)
        how = self.how
        changed = self.generator or self.learnt or how["guidance"] is not None or how["sampler"]
        if how["steps"] is None and (old is None or changed):
            own = generator.steps(settings.guidance, settings.sampler)
            # a character is learnt by the slow denoiser, not by the one of few steps
            settings = settings.model_copy(update={"steps": DEFAULT_STEPS if learnt else own})
        return _Settled(model, settings, generator, memory)


_Load = Callable[..., "tuple[Generator, Memory]"]


def _load(
    model: str, method: str, extras: "Extras", engine: "Engine", compute: "Compute"
) -> "tuple[Generator, Memory]":
    from lianhuan.generators import load_generator
    from lianhuan.memory.load import fit, load_memory

    use_cores(engine)
    memory = load_memory(method, model, compute.device, engine=engine)
    generator = load_generator(model, extras, compute, engine=engine)
    fit(generator, memory)
    return generator, memory


def _plan(source: str, out: Path | None, **reading: Any) -> _Plan:
    from lianhuan.book import Book

    if Path(source).is_dir():
        book = Book.open(source)
        if out is not None and out.resolve() != book.folder.resolve():
            raise typer.BadParameter(f"{source} is a book and is drawn where it is; leave -o away")
        refuse_with_book(source, **reading)
        return _Plan(book.story(), book.source_text, book.folder, book.file)
    if out is None:
        raise typer.BadParameter("say where the book shall live: -o DIR")
    story, text = read_source(source, **reading)
    old = Book.open(out).file if (out / "book.yaml").is_file() else None
    if old is not None and reading["title"] not in (None, old.title):
        raise typer.BadParameter(f"{out} has the title {old.title!r}; edit {out / 'book.yaml'} instead")
    return _Plan(story, text, out, old)


def _with_learnt(book: "Book", generator: "Generator", given: "Iterable[str]") -> "Generator":
    """The generator with the characters that NAME=ADAPTER options, or the book already, say are learnt."""
    from lianhuan.conductor import with_cast

    for text in given:
        from lianhuan.models.adapter import Adapter  # brings torch

        name, _, path = text.partition("=")
        if not name or not path:
            raise typer.BadParameter("--character wants NAME=ADAPTER")
        book.change_cast(name, kind=Adapter.load(Path(path)).info.kind, adapter=str(Path(path).resolve()))
    return with_cast(generator, book.file.cast)


def _settings(old: "BookFile | None", **given: float | str | None) -> "Settings":
    from lianhuan.book import Settings

    kept = {} if old is None else dict(old.settings())
    try:
        return Settings(**kept | {key: value for key, value in given.items() if value is not None})
    except ValueError as error:  # pydantic's, with the offending key
        raise typer.BadParameter("--steps must be 1 to 1000, --guidance 0 to 100") from error
