"""The pages of a book: their takes, which of them is shown, and which pages are to be drawn anew."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from lianhuan.book.files import write_atomically
from lianhuan.book.folder import Folder
from lianhuan.book.picture import encode_take, recipe_in
from lianhuan.book.schema import hashes, text_hash
from lianhuan.errors import BookError, PictureError
from lianhuan.images import load_picture

CAST = "cast/"
"""Where the portraits of a book lie, and how the ids of what draws them begin."""


class Book(Folder):
    """A book folder, opened: a `Folder` with its pages."""

    def picture(self, scene_id: str) -> Path | None:
        """The file of the picked take, None while the page is not drawn.

        Raises:
            BookError: the book has no such scene, or its take lies outside the folder.
        """
        picked = self.page(scene_id).picked
        return None if picked is None else self._inside(picked)

    def stale(self) -> dict[str, str]:
        """Pages that ask for something else than when they were drawn or picked, by scene id, with the reason.

        Drawing the book draws them anew. What other pages show, and so what memory brings, makes no page stale; neither
        is a locked page ever.
        """
        reasons = {page.id: self.file.stale(page) for page in self.file.scenes}
        return {scene_id: reason for scene_id, reason in reasons.items() if reason is not None}

    def settled(self, scene_id: str, recipe: Mapping[str, Any]) -> str | None:
        """The relative path of the picture that stays on the page of a scene although `recipe` might draw another one.

        It is that of a locked page, or a readable one of a page that asked for the words, the stage and the settings of
        `recipe` already when it was drawn or picked; None if the page is to be drawn.

        Raises:
            BookError: the book has no such scene, or its take lies outside the folder.
        """
        page, path = self.page(scene_id), self.picture(scene_id)
        if path is None or page.locked:
            return page.picked
        if any(getattr(page, key) != asked for key, asked in hashes(recipe).items()):
            return None
        try:
            load_picture(path)
        except PictureError:
            return None
        return page.picked

    def add_take(self, scene_id: str, image: Image.Image, recipe: Mapping[str, Any]) -> str:
        """Keep `image` as a take of a scene, with its `recipe` (a JSON object) inside; returns its relative path.

        The name is made from the bytes, so the same picture is kept once and no other is ever overwritten.
        A damaged file in its place is kept beside it, as `*.png.kept`.

        Raises:
            BookError: the book has no such scene, or the take cannot be written.
        """
        self.page(scene_id)
        data = encode_take(image, recipe)
        relative = f"takes/{scene_id}/{_name(data)}"
        path = self._inside(relative)
        if not path.exists():
            write_atomically(path, data)
        elif (there := path.read_bytes()) != data:  # damaged or painted over
            write_atomically(path.with_name(f"{_name(there)}.kept"), there)
            write_atomically(path, data)
        return relative

    def takes(self, scene_id: str) -> list[str]:
        """Relative paths of all takes of a scene, damaged ones included, sorted.

        Raises:
            BookError: the book has no such scene.
        """
        pictures = (self.folder / "takes" / self.page(scene_id).id).glob("*.png")
        return sorted(path.relative_to(self.folder).as_posix() for path in pictures)

    def add_portrait(self, image: Image.Image, recipe: Mapping[str, Any]) -> None:
        """Keep `image` as the portrait of a character that `recipe`, a JSON object, drew.

        Raises:
            BookError: it cannot be written.
        """
        write_atomically(self._portrait(recipe), encode_take(image, recipe))

    def portrait(self, recipe: Mapping[str, Any]) -> Image.Image | None:
        """The portrait that was drawn by exactly this `recipe`, None if there is none or it is damaged."""
        path = self._portrait(recipe)
        try:
            return load_picture(path) if path.exists() else None
        except PictureError:
            return None

    def _portrait(self, recipe: Mapping[str, Any]) -> Path:
        name = re.sub(r"\W+", "-", str(recipe["scene_id"]).removeprefix(CAST))[:40]
        return self.folder / f"{CAST}{name}-{text_hash(json.dumps(recipe, sort_keys=True))}.png"

    def pick(self, scene_id: str, path: str) -> None:
        """Show the take at the relative `path` on the page of a scene, whatever words it was drawn from.

        Its seed and its number become those of the page.

        Raises:
            BookError: no such scene, the scene has no such take or is locked, or `book.yaml` cannot be written.
            PictureError: the take is damaged.
        """
        with self.editing():
            takes = self.takes(scene_id)
            if path not in takes:
                raise BookError(
                    f"scene {scene_id} has no take {path}; it has {', '.join(takes) or 'none yet'}"
                )
            self.must_be_unlocked(scene_id)
            load_picture(self._inside(path))
            recipe = recipe_in(self.folder / path)
            page = self.page(scene_id)
            noise = {key: recipe[key] for key in ("seed", "take") if isinstance(recipe.get(key), int)}
            if noise.get("seed") == self.file.seed:
                noise["seed"] = None
            asked = self.file.asks(page.model_copy(update=noise))
            self.change_pages({scene_id: {"picked": path, **noise, **asked}})

    def lock(self, scene_id: str) -> None:
        """Keep the picture of a scene as it is: drawing the book again leaves it alone.

        Raises:
            BookError: no such scene, it has no picture yet, or `book.yaml` cannot be written.
        """
        with self.editing():
            self.must_be_drawn(scene_id)
            self.change_pages({scene_id: {"locked": True}})

    def unlock(self, scene_id: str) -> None:
        """Let the picture of a scene be changed again.

        Raises:
            BookError: no such scene, or `book.yaml` cannot be written.
        """
        self.change_pages({scene_id: {"locked": False}})

    def must_be_unlocked(self, scene_id: str) -> None:
        """Raise a `BookError` if the page of a scene is locked."""
        if self.page(scene_id).locked:
            number = self.number(scene_id)
            raise BookError(
                f"page {number} is locked; `lianhuan unlock {self.folder} --page {number}` lets it be changed"
            )

    def must_be_drawn(self, scene_id: str) -> None:
        """Raise a `BookError` if the page of a scene has no picture."""
        if self.page(scene_id).picked is None:
            raise BookError(
                f"page {self.number(scene_id)} has no picture yet; `lianhuan illustrate {self.folder}` draws it"
            )

    def finished(self, scene_id: str, recipe: Mapping[str, Any]) -> str | None:
        """The relative path of an undamaged take of a scene that was drawn by exactly this `recipe`, if there is one."""
        wanted = json.loads(json.dumps(recipe))
        for relative in self.takes(scene_id):
            data = (self.folder / relative).read_bytes()
            if relative.endswith(f"/{_name(data)}") and recipe_in(data) == wanted:
                return relative
        return None

    def _inside(self, relative: str) -> Path:
        path = self.folder / relative
        if not path.resolve().is_relative_to(self.folder.resolve() / "takes"):
            raise BookError(
                f"{self.folder}: the take {relative} lies outside the book's takes folder; pick another one"
            )
        return path


def differing_pages(first: Book, second: Book) -> list[str]:
    """Ids of the scenes whose picked pictures differ in any byte, or that only one of the books has."""
    bytes_of = [
        {page.id: _picked_bytes(book, page.id) for page in book.file.scenes} for book in (first, second)
    ]
    ids = dict.fromkeys([*bytes_of[0], *bytes_of[1]])
    missing = object()
    return [i for i in ids if bytes_of[0].get(i, missing) != bytes_of[1].get(i, missing)]


def _picked_bytes(book: Book, scene_id: str) -> bytes | None:
    path = book.picture(scene_id)
    return path.read_bytes() if path is not None and path.is_file() else None


def _name(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:16]}.png"
