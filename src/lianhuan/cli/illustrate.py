"""`lianhuan illustrate`: draw a picture book."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lianhuan.cli import options
from lianhuan.cli.stories import HELP, read_source, refuse_with_book, unseen_line
from lianhuan.cli.terminal import print_json, progress
from lianhuan.cli.threads import use_cores

if TYPE_CHECKING:
    from lianhuan.book import Book, BookFile, Settings
    from lianhuan.conductor import Event
    from lianhuan.generators import Generator
    from lianhuan.story import Story


def illustrate(  # noqa: PLR0913 - one argument per option
    story: Annotated[str, typer.Argument(metavar="STORY", help=HELP)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the book; needed unless STORY is a book."),
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
    max_characters: Annotated[int | None, typer.Option(min=1, help="Longest text that is read.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Draw the picture book of STORY.

    It is drawn page after page; the paths of its PDF and its HTML page are printed.

    A book that was stopped goes on where it was; options that are not given are then the book's own. Edit its book.yaml
    and run `lianhuan illustrate DIR` to draw the pages that changed; all others keep their pictures.
    """
    plan = _plan(story, out, scenes=scenes, title=title, max_characters=max_characters)
    old = plan.old
    if only_stale and (old is None or first_frame is not None):
        raise typer.BadParameter("--only-stale is for a book that is drawn already, without --first-frame")
    settings = _settings(
        old, steps=steps, guidance=guidance, sampler=sampler, negative_prompt=negative_prompt
    )

    from lianhuan.conductor import Book, draw_book
    from lianhuan.generators import STORYBOOK, load_generator
    from lianhuan.images import load_picture
    from lianhuan.memory.load import fit, load_memory

    given = None if first_frame is None else load_picture(first_frame)
    model = generator or (old.generator if old else STORYBOOK)
    method = memory or (old.memory if old else "lstm")
    extras = options.chosen_extras(old, model, config=config, vae=vae, loras=lora, embeddings=embedding)
    learnt = bool(character) or any(member.adapter for member in plan.story.cast)
    chosen = options.Computing(engine, device, dtype, low_memory, compiled)
    by, compute = chosen.settled(model, method, extras, learnt=learnt)
    use_cores(by)
    remembering = load_memory(method, model, compute.device, engine=by)
    drawing = load_generator(model, extras, compute, engine=by)
    drawing.check(settings.sampler, settings.negative_prompt)
    if steps is None and (old is None or generator or guidance is not None or sampler):
        own = drawing.steps(settings.guidance, settings.sampler)
        settings = settings.model_copy(update={"steps": own})
    fit(drawing, remembering)  # refuses what does not go together before a book is there
    book = Book.create(
        plan.folder,
        plan.story,
        source_text=plan.text,
        seed=seed if seed is not None else old.seed if old else 0,
        generator=model,
        memory=remembering.name,
        settings=settings,
    )
    drawing = _with_learnt(book, drawing, character or ())
    events = draw_book(book, drawing, remembering, first_frame=given, only_stale=only_stale)
    _show(events, book, settings.steps)
    made = book.export(fonts=font or ())
    if as_json:
        print_json({"book": str(book.folder)} | {kind: str(path) for kind, path in made.items()})
    else:
        print(f"{made['pdf']}\n{made['html']}")


@dataclass(frozen=True)
class _Plan:
    """What to draw and where; `old` is what the folder's book.yaml holds already."""

    story: "Story"
    text: str
    folder: Path
    old: "BookFile | None"


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
        book.cast_learnt(name, Adapter.load(Path(path)).info.kind, str(Path(path).resolve()))
    return with_cast(generator, book.file.cast)


def _settings(old: "BookFile | None", **given: float | str | None) -> "Settings":
    from lianhuan.book import Settings

    kept = {} if old is None else dict(old.settings())
    try:
        return Settings(**kept | {key: value for key, value in given.items() if value is not None})
    except ValueError as error:  # pydantic's, with the offending key
        raise typer.BadParameter("--steps must be 1 to 1000, --guidance 0 to 100") from error


def _show(events: "Iterable[Event]", book: "Book", steps: int) -> None:
    from lianhuan.conductor import PageDone, Planned, Step

    stream = iter(events)
    plan = next(stream)
    assert isinstance(plan, Planned)
    count, how = len(book.file.scenes), plan.settings
    said = f"{plan.story.title}: {count} pages with {how['generator']}, memory {how['memory']}, engine {how['engine']}, seed {how['seed']}"
    with progress(count * steps) as shown:
        shown.milestone(said)
        if unseen := unseen_line(book.file.generator, plan.story):
            shown.milestone(unseen)
        for scene_id, reason in book.stale().items():
            shown.milestone(f"page {book.number(scene_id)}: {reason}")
        for event in stream:
            if isinstance(event, Step):
                done = (event.page - 1) * steps + event.number
                shown.at(done, f"page {event.page} of {count}")
            elif isinstance(event, PageDone):
                shown.at(event.page * steps, f"page {event.page} of {count}")
                shown.milestone(
                    f"page {event.page} of {count} {'kept' if event.reused or event.given else 'drawn'}"
                )
