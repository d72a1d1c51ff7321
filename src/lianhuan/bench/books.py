"""Books of world stories: one folder per story, kept so that nothing is drawn twice."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from lianhuan.book import Book, Settings
from lianhuan.errors import BookError
from lianhuan.images import load_picture
from lianhuan.story import Character, PageRequest, Place, Scene, Story
from lianhuan.world.scene import WorldStory
from lianhuan.world.stories import SPLITS, story
from lianhuan.world.vocabulary import SMALL, Vocabulary

Recipe = Mapping[str, Any]


def world_tales(split: str, stories: int, frames: int, world: Vocabulary = SMALL) -> list[WorldStory]:
    """The first stories of a split of the world, each in `frames` pictures."""
    return [story(SPLITS[split], index, frames, world) for index in range(stories)]


def run_folder(root: Path, task: str, frames: int, take: int) -> Path:
    """Where the books of all methods lie for one task, one length of stories and one take of their noise."""
    return root / task / f"{frames}-pages" / f"take-{take}"


def story_folder(folder: Path, index: int) -> Path:
    """Where the book of story `index` lies among the books of one method."""
    return folder / f"story-{index:05d}"


def keep_story(
    folder: Path,
    index: int,
    pages: Sequence[PageRequest],
    recipes: Sequence[Recipe],
    images: Sequence[Image.Image],
) -> None:
    """Keep the pictures of story `index` as a book; takes that are there already stay beside them.

    Args:
        folder: the books of one method.
        index: number of the story in its split.
        pages: what was drawn.
        recipes: for each page, all that made it; the generator and the memory are named in it.
        images: the pictures.

    Raises:
        BookError: the folder holds the book of another story, or cannot be written.
    """
    first = pages[0]
    told = _as_story(index, pages)
    book = Book.create(
        story_folder(folder, index),
        told,
        source_text=" ".join(page.caption for page in pages),
        seed=first.seed,
        generator=recipes[0]["generator"],
        memory=recipes[0]["memory"],
        settings=Settings(steps=first.steps, guidance=first.guidance),
    )
    with book.editing():
        for page, recipe, image in zip(pages, recipes, images, strict=True):
            book.pick(page.scene_id, book.add_take(page.scene_id, image, recipe))


def is_finished(folder: Path, index: int, pages: Sequence[PageRequest], recipes: Sequence[Recipe]) -> bool:
    """Whether the book of story `index` shows a picture of every page that was made by exactly these recipes.

    Raises:
        BookError: the book that is there is damaged.
    """
    home = story_folder(folder, index)
    if not (home / "book.yaml").exists():
        return False
    book = Book.open(home)
    picked = {page.id: page.picked for page in book.file.scenes}
    return all(
        picked.get(page.scene_id) and picked[page.scene_id] == book.finished(page.scene_id, recipe)
        for page, recipe in zip(pages, recipes, strict=True)
    )


def story_pictures(folder: Path, tale: WorldStory) -> list[Image.Image]:
    """The pictures of the book of `tale`, page by page.

    Raises:
        BookError: there is no such book, it tells another story, or a page is not drawn.
        PictureError: a picture cannot be read.
    """
    home = story_folder(folder, tale.index)
    book = Book.open(home)
    captions = [frame.caption_en for frame in tale.frames]
    if [page.caption for page in book.file.scenes] != captions:
        raise BookError(
            f"{home} tells another story than number {tale.index} of the world; draw it again elsewhere"
        )
    return [load_picture(path) for path in drawn_pages(book)]


def drawn_pages(book: Book) -> list[Path]:
    """The picture file of every page.

    Raises:
        BookError: a page is not drawn.
    """
    paths = [book.picture(page.id) for page in book.file.scenes]
    drawn = [path for path in paths if path is not None]
    if len(drawn) < len(paths):
        raise BookError(f"{book.folder} is not drawn to its end; run what drew it again to finish it")
    return drawn


def _as_story(index: int, pages: Sequence[PageRequest]) -> Story:
    scenes, start = [], 0
    for page in pages:
        names = tuple(entry.name for entry in page.stage)
        span = (start, start + len(page.caption))
        scenes.append(Scene(id=page.scene_id, text=page.caption, span=span, on_stage=names, place=page.place))
        start = span[1] + 1
    cast = {entry.name: Character(name=entry.name, kind=entry.kind) for page in pages for entry in page.stage}
    places = dict.fromkeys(page.place for page in pages if page.place)
    return Story(
        title=f"World story {index}",
        style=pages[0].style,
        scenes=tuple(scenes),
        cast=tuple(cast.values()),
        places=tuple(Place(name=name) for name in places),
    )
