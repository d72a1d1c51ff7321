"""`lianhuan redraw`: draw one page of a book anew."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lianhuan.cli import options
from lianhuan.cli.pages import Folder, Page, say_exports
from lianhuan.cli.terminal import print_json, progress
from lianhuan.cli.threads import use_cores

if TYPE_CHECKING:
    from lianhuan.conductor import Book, Redraw
    from lianhuan.conductor.redraw import Select
    from lianhuan.conductor.select import SelectorName
    from lianhuan.generators import Control, Generator


def redraw(  # noqa: PLR0913 - one argument per option
    folder: Folder,
    page: Page,
    prompt: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="Words for the generator, instead of the page's; '' for its caption."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed for this page only; without it, the next take is drawn.")
    ] = None,
    candidates: Annotated[int, typer.Option(min=1, help="How many takes are drawn; the first is shown.")] = 1,
    select: Annotated[
        Literal["clip", "consistency", "both"] | None,
        typer.Option(
            help="Show the candidate that fits its words best (clip), the earlier pages with the same characters "
            "(consistency), or both."
        ),
    ] = None,
    clip: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of the model that compares pictures and words, if not the embedded one.",
        ),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG", help="Draw anew only what is white in it; the rest of the page stays as it is."
        ),
    ] = None,
    from_picture: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw over this picture instead of from nothing.")
    ] = None,
    strength: Annotated[
        float, typer.Option(help="How much of --from-picture is drawn over: above 0, and at most 1.")
    ] = 0.6,
    sketch: Annotated[
        Path | None,
        typer.Option(
            metavar="PNG", help="Draw along this sketch: strokes on paper, or on nothing; any size."
        ),
    ] = None,
    beta: Annotated[float, typer.Option(help="How strongly --sketch is followed, from 0.")] = 1.6,
    sketch_until: Annotated[
        float, typer.Option(help="Share of the steps, 0 to 1, after which --sketch lets go.")
    ] = 0.5,
    then_following: Annotated[
        bool,
        typer.Option("--then-following", help="Draw the unlocked pages after it again, to remember it."),
    ] = False,
    engine: options.EngineOption = "auto",
    device: options.Device = None,
    dtype: options.Dtype = None,
    low_memory: options.LowMemory = False,
    compiled: options.Compile = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Draw one page of a book anew; all other pages stay as they are.

    The new picture remembers the pages before it, as they are shown now. The old one stays among the page's takes.
    """
    from lianhuan.conductor import Book, Redraw

    book = Book.open(folder)
    if not 0 < strength <= 1:
        raise typer.BadParameter("--strength must be above 0 and at most 1")
    if not (0 <= beta < math.inf and 0 <= sketch_until <= 1):
        raise typer.BadParameter("--beta must be 0 or more, --sketch-until 0 to 1")
    if clip is not None and select not in ("clip", "both"):
        raise typer.BadParameter("--clip is for --select clip or both")
    if select is not None and candidates == 1:
        raise typer.BadParameter("--select chooses among --candidates, 2 or more")
    wish = Redraw(page, prompt, seed, candidates, _select(select, clip), then_following=then_following)
    pictures = _Pictures(mask, from_picture, strength, sketch, beta, sketch_until)
    before = {record.id: record.picked for record in book.file.scenes}
    try:
        _draw(book, wish, pictures, options.Computing(engine, device, dtype, low_memory, compiled))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; the book is as it was") from None
    new = {record.id for record in book.file.scenes if record.picked != before.get(record.id)}
    shown = {
        book.number(i): str(book.picture(i)) for i in sorted({book.find(page).id, *new}, key=book.number)
    }
    if as_json:
        print_json({"book": str(book.folder), "pictures": shown})
    else:
        print("\n".join(shown.values()))
    say_exports(book.folder)


def _select(name: "SelectorName | None", clip: Path | None) -> "Select | None":
    from lianhuan.conductor.select import selector

    if clip is None or name is None:
        return None if name is None else selector(name)
    from lianhuan.models.clip import load_clip

    return selector(name, load_clip(clip))


@dataclass(frozen=True)
class _Pictures:
    """The pictures that bend a redraw."""

    mask: Path | None
    over: Path | None
    strength: float
    sketch: Path | None
    beta: float
    until: float

    def controls(self, book: "Book", scene_id: str, generator: "Generator") -> "list[Control]":
        """What bends the drawing of a page."""
        if self.mask is self.over is self.sketch is None:
            return []
        given = self._given(book, scene_id, generator)
        if self.sketch is None:
            return given
        from lianhuan.control import Sketch
        from lianhuan.generators.load import own_loop
        from lianhuan.models.edges import load_sketch

        reached, strokes = own_loop(generator, "--sketch"), load_sketch(self.sketch)
        return [*given, Sketch.by_hand(reached, strokes, beta=self.beta, stop=self.until)]

    def _given(self, book: "Book", scene_id: str, generator: "Generator") -> "list[Control]":
        """A mask works on the picture given, or else on the page's own."""
        from lianhuan.control import Inpaint, SDEdit
        from lianhuan.images import load_picture

        shown = self.over or book.picture(scene_id)
        if shown is None or (self.mask is None and self.over is None):
            return []
        picture = load_picture(shown)
        latents = generator.control_latents(picture)
        if self.mask is not None:
            return [Inpaint(picture, latents, load_picture(self.mask))]
        return [SDEdit(latents, self.strength)]


def _draw(book: "Book", wish: "Redraw", pictures: _Pictures, computing: options.Computing) -> None:
    from lianhuan.conductor import PageDone, Step, extras_of, load_models, redraw as draw

    file = book.file
    by, compute = computing.settled(
        file.generator,
        file.memory,
        extras_of(file),
        learnt=any(member.adapter for member in file.cast),
        sketch=pictures.sketch is not None,
    )
    use_cores(by)
    generator, memory = load_models(book, compute, engine=by)
    wish = replace(wish, controls=pictures.controls(book, book.find(wish.page).id, generator))
    following = len(book.file.scenes) - book.number(book.find(wish.page).id) if wish.then_following else 0
    with progress((wish.candidates + following) * book.file.steps) as shown:
        done = 0
        for event in draw(book, generator, memory, wish):
            if isinstance(event, Step):
                done += 1
                shown.at(done, f"page {event.page}")
            elif isinstance(event, PageDone):
                shown.milestone(f"page {event.page} {'kept' if event.reused else 'drawn'}")
