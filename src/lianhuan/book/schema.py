"""What `book.yaml` holds, and how it is written for people and read back with clear errors."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import yaml
from pydantic import Field, ValidationError, field_validator

from lianhuan.errors import BookError
from lianhuan.story import (
    DEFAULT_GUIDANCE,
    DEFAULT_STEPS,
    Change,
    Character,
    Mention,
    Place,
    Scene,
    Span,
    Story,
    Value,
    page_request,
)

SCHEMA_VERSION = 1
HEADER = (
    "# A picture book. Edit anything below, then run `lianhuan illustrate` on this folder again:\n"
    "# pages whose words, stage or settings changed are drawn anew. Comments that you add are not kept.\n"
)
STAGE = ("place", "stage", "changes")
SETTINGS = ("style", "seed", "take", "steps", "guidance", "generator", "weights", "memory")
LATER = ("sampler", "negative_prompt", "extras")
"""Settings that count where they say something, so that pages drawn before there were any are not stale."""
REASONS = {
    "text_hash": "its words were edited",
    "stage_hash": "its stage was edited",
    "settings_hash": "its settings were changed",
}
SCENE_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"


class Settings(Value):
    """How every page of a book is drawn.

    Attributes:
        steps: of denoising.
        guidance: its scale; 1 means none.
        sampler: its name, "" for the generator's own.
        negative_prompt: words that guidance leads away from, "" for none.
    """

    steps: int = Field(default=DEFAULT_STEPS, ge=1, le=1000)
    guidance: float = Field(default=DEFAULT_GUIDANCE, ge=0.0, le=100.0)
    sampler: str = ""
    negative_prompt: str = ""


class PageRecord(Value):
    """One entry of `scenes` in `book.yaml`: a scene, and the take that was picked for it.

    `text_hash`, `stage_hash` and `settings_hash` say what the page asked for when its take was drawn or picked: a page
    that asks for something else by now is stale. `seed` and `take` decide its noise, with the book's seed where `seed`
    is None. `locked` pages are never drawn again; `picked` is a path relative to the book folder, None while the page
    is not drawn.
    """

    id: str
    caption: str
    span: Span
    text_hash: str
    stage_hash: str | None = None
    settings_hash: str | None = None
    on_stage: tuple[str, ...] = ()
    place: str | None = None
    changes: tuple[Change, ...] = ()
    prompt: str | None = None
    seed: int | None = None
    take: int = Field(default=0, ge=0)
    locked: bool = False
    picked: str | None = None

    @property
    def words(self) -> str:
        """What the generator is asked to draw."""
        return self.prompt or self.caption

    def scene(self) -> Scene:
        """The scene as the record has it now."""
        return Scene(
            id=self.id,
            text=self.caption,
            span=self.span,
            on_stage=self.on_stage,
            place=self.place,
            changes=self.changes,
            prompt=self.prompt,
            seed=self.seed,
            take=self.take,
        )

    @field_validator("id")
    @classmethod
    def _id_names_a_folder(cls, value: str) -> str:
        if not re.fullmatch(SCENE_ID, value):
            raise ValueError(
                "a scene id has 1 to 64 letters a-z, digits, '-' and '_' and begins with a letter or digit"
            )
        return value

    @field_validator("picked")
    @classmethod
    def _picked_stays_inside(cls, value: str | None) -> str | None:
        if value is not None:
            path = PurePosixPath(value)
            if path.parts[:1] != ("takes",) or ".." in path.parts or "\\" in value or "\0" in value:
                raise ValueError("the path of a take must begin with takes/ and stay inside the book folder")
        return value


class BookFile(Value):
    """The content of `book.yaml`.

    `config`, `vae`, `loras` and `embeddings` are what is added to the generator, see `lianhuan.generators.Extras`.
    """

    schema_version: int = SCHEMA_VERSION
    title: str
    language: str = "en"
    style: str = ""
    seed: int
    generator: str
    weights: str | None = None
    config: str | None = None
    vae: str | None = None
    loras: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()
    memory: str
    steps: int = Field(ge=1, le=1000)
    guidance: float = Field(ge=0.0, le=100.0)
    sampler: str = ""
    negative_prompt: str = ""
    cast: tuple[Character, ...] = ()
    places: tuple[Place, ...] = ()
    mentions: tuple[Mention, ...] = ()
    scenes: tuple[PageRecord, ...]

    @field_validator("scenes")
    @classmethod
    def _ids_are_unique(cls, value: tuple[PageRecord, ...]) -> tuple[PageRecord, ...]:
        ids = [page.id for page in value]
        twice = sorted({i for i in ids if ids.count(i) > 1}) if len(set(ids)) < len(ids) else []
        if twice:
            raise ValueError(f"scene ids must differ; used twice: {', '.join(twice)}")
        return value

    def story(self) -> Story:
        """The story as the file has it now."""
        return Story(
            title=self.title,
            language=self.language,
            scenes=tuple(page.scene() for page in self.scenes),
            cast=self.cast,
            places=self.places,
            mentions=self.mentions,
            style=self.style,
        )

    def settings(self) -> Settings:
        """How its pages are drawn."""
        return Settings(**{name: getattr(self, name) for name in Settings.model_fields})

    def extras(self) -> dict[str, Any]:
        """What is added to the generator, as far as there is something."""
        given = self.model_dump(mode="json", include={"config", "vae", "loras", "embeddings"})
        return {name: value for name, value in given.items() if value}

    def asks(self, page: PageRecord) -> dict[str, str]:
        """The hashes of what `page` asks for now."""
        bare = Story(title="", scenes=(), cast=self.cast, style=self.style)
        request = page_request(bare, page.scene(), seed=self.seed, **dict(self.settings()))
        shared = {"generator": self.generator, "weights": self.weights, "memory": self.memory}
        return hashes({**shared, "extras": self.extras(), **request.model_dump(mode="json")})

    def stale(self, page: PageRecord) -> str | None:
        """Why drawing the book would draw the picture of `page` anew; None if it stays, or if there is none."""
        if page.picked is None or page.locked:
            return None
        reasons = [REASONS[key] for key, now in self.asks(page).items() if getattr(page, key) != now]
        return f"{' and '.join(reasons)} after it was drawn" if reasons else None


def text_hash(words: str) -> str:
    """A short fingerprint of `words`."""
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def hashes(recipe: Mapping[str, Any]) -> dict[str, str]:
    """Short fingerprints of the words, of the stage and of the settings in a recipe, as a `PageRecord` names them.

    What memory brings from other pages is not in them.
    """
    said = [key for key in LATER if recipe.get(key)]
    stage, settings = (
        text_hash(json.dumps([recipe[key] for key in keys] + named, sort_keys=True))
        for keys, named in ((STAGE, []), (SETTINGS, [[key, recipe[key]] for key in said]))
    )
    return {"text_hash": text_hash(recipe["caption"]), "stage_hash": stage, "settings_hash": settings}


def new_file(story: Story, *, seed: int, generator: str, memory: str, settings: Settings) -> BookFile:
    """The first `book.yaml` of `story`: nothing drawn yet.

    Raises:
        BookError: a scene id cannot be the name of a folder, or two scenes share one.
    """
    pages = [
        {
            **scene.model_dump(exclude={"text"}),
            "caption": scene.text,
            "text_hash": text_hash(scene.prompt or scene.text),
        }
        for scene in story.scenes
    ]
    record = {
        **story.model_dump(exclude={"scenes"}),
        **settings.model_dump(),
        "seed": seed,
        "generator": generator,
        "memory": memory,
        "scenes": pages,
    }
    try:
        return BookFile.model_validate(record)
    except ValidationError as error:
        raise BookError(f"this story cannot become a book: {_explain(error, None)}") from error


def to_yaml(file: BookFile) -> str:
    """`file` as YAML for people: own characters, words in blocks, short lists on one line."""
    record = file.model_dump(mode="json")
    for page in record["scenes"]:
        for key in ("caption", "prompt"):
            if page[key] is not None:
                page[key] = _Words(page[key])
    body = yaml.dump(record, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return HEADER + body


def from_yaml(text: str) -> BookFile:
    """The `BookFile` that `text` describes.

    Raises:
        BookError: syntax error, unknown schema version, unknown key, wrong or missing value; names the line.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        record = None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise BookError(f"{where}not valid YAML ({getattr(error, 'problem', None) or error})") from error
    except (ValueError, RecursionError) as error:
        raise BookError(f"not valid YAML ({error})") from error
    if not isinstance(record, dict):
        raise BookError("it holds no book (the top level must be `key: value` lines)")
    version = record.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BookError(
            f"schema_version is {version!r}, but this program reads version {SCHEMA_VERSION} only; "
            "open the book with the version of lianhuan that wrote it, or with a newer one"
        )
    try:
        return BookFile.model_validate(record)
    except ValidationError as error:
        raise BookError(_explain(error, node)) from error


def _explain(error: ValidationError, node: yaml.Node | None) -> str:
    """The first problem in words a reader of the file understands, with its line."""
    first = min(
        error.errors(), key=lambda problem: problem["type"] != "extra_forbidden"
    )  # a typo is missed, too
    loc = first["loc"]
    where = ".".join(str(part) for part in loc)
    line = f"line {_line(node, loc)}: " if node is not None else ""
    if first["type"] == "extra_forbidden":
        return f"{line}unknown key `{loc[-1]}` (at {where}); correct its spelling or remove it"
    if first["type"] == "missing":
        return f"{line}the key `{where}` is missing"
    return f"{line}{where}: {first['msg'].removeprefix('Value error, ')}"


def _line(node: yaml.Node, loc: Sequence[int | str]) -> int:
    """The line of the deepest part of `loc` that the file has, from 1."""
    mark = node.start_mark
    for part in loc:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.start_mark
        else:
            break
    return mark.line + 1


class _Words(str):
    """Text that people edit."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Spreads records over lines, keeps plain lists on one, and repeats values instead of pointing to them."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_words(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    plain = value == value.strip() and value and all(line.isprintable() for line in value.split("\n"))
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if plain else '"')


def _represent_str(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if value.isprintable() else '"')


def _represent_list(dumper: yaml.SafeDumper, value: list[Any]) -> yaml.Node:
    flow = not any(isinstance(item, dict) for item in value)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flow)


def _represent_dict(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=False)


_Dumper.add_representer(_Words, _represent_words)
_Dumper.add_representer(str, _represent_str)
_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(dict, _represent_dict)
