"""Claims about image prompts: they are what diffusers' own IP-Adapter draws, each character reads its own, and nothing is left.

The oracle is diffusers' pipeline with `load_ip_adapter` on the same folders, from the same latents. Tolerances are those of
`test_stable_diffusion.py`, and for the same reason: rounding, 1e-4 of the largest latent and one level of 255.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from diffusers.models.attention_processor import Attention
from PIL import Image
from torch import Tensor, nn

from checkpoint_runs import draw, noise, page
from lianhuan import illustrate, load_memory, parse_story
from lianhuan.conductor import PageDone
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError
from lianhuan.generators.prompt import page_prompt, spoken_of
from lianhuan.generators.schedulers import SchedulerSampler
from lianhuan.memory import ImagePromptMemory, SharedAttentionMemory, Stack
from lianhuan.memory.image_prompt import ImagePromptConfig
from lianhuan.models.context import Context
from lianhuan.models.image_prompt import find_regions, read_pictures
from lianhuan.models.prompts import Prompts, Regions, last_of_group
from lianhuan.story import PageRequest, StageEntry
from lianhuan.testing import check_memory
from lianhuan.testing.checkpoints import Family, tiny_ip_adapter

MIA, JON = StageEntry(name="Mia", kind="girl", look="red coat"), StageEntry(name="Jon", kind="boy")
TEXT = "Mia ran to the beach. Mia sat down. Jon laughed. Mia and Jon went home."


def picture(seed: int) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 255, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((140, 100), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def adapters(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple, Path]:
    root = tmp_path_factory.mktemp("adapters")
    return {
        (family, kind): tiny_ip_adapter(root / f"{family}-{kind}", folder, kind)
        for family, folder in folders.items()
        for kind in ("plain", "plus")
    }


@pytest.fixture(scope="module")
def sd1(generators: dict[str, Any]) -> Any:
    return generators["sd1"]


@pytest.fixture(scope="module")
def loaded(folders: dict[str, Path], adapters: dict[tuple, Path]) -> ImagePromptMemory:
    memory = load_memory(f"image-prompt={adapters['sd1', 'plain']}", folders["sd1"])
    assert isinstance(memory, ImagePromptMemory)
    return memory


def configured(memory: ImagePromptMemory, **config: Any) -> ImagePromptMemory:
    return ImagePromptMemory(memory.prompter, ImagePromptConfig(**config))


def shown(memory: Any, generator: Any, *pages: tuple[PageRequest, Image.Image]) -> Any:
    """The state after some pages."""
    state = memory.start(1)
    for one, image in pages:
        words = replace(generator.encode([one]), images=(image,))
        state = memory.write(state, words, generator.encode_pictures([image]))
    return state


def contexts(memory: Any, generator: Any, state: Any, one: PageRequest) -> dict[str, Context]:
    words = generator.encode([one])
    null = replace(generator.null(1), cast=words.cast, told=words.told)
    return {"cond": memory.read(state, words, "cond"), "uncond": memory.read(state, null, "uncond")}


def drawn(generator: Any, pages: list, read: list, sampler: Any = "dpmpp-2m") -> tuple[Tensor, list]:
    *_, step, last = generator.frames(pages, read, [ClassifierFree(4.0)], sampler)
    return step.x0, last.images


class TestStockPipelines:
    @pytest.mark.parametrize("kind", ["plain", "plus"])
    def test_one_character_and_one_picture(
        self, kind: str, family: Family, generators: dict, folders: dict[str, Path], adapters: dict
    ) -> None:
        file, generator, one = adapters[family, kind], generators[family], page(stage=(MIA,))
        memory = load_memory(f"image-prompt={file}", folders[family])
        read = contexts(memory, generator, shown(memory, generator, (page(9, stage=(MIA,)), picture(0))), one)
        stock = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
        pipeline = stock.from_pretrained(folders[family], local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        pipeline.scheduler = DDIMScheduler.from_config(
            {**generator.scheduler, "clip_sample": False, "set_alpha_to_one": False}
        )
        pipeline.load_ip_adapter(file.parent, subfolder="", weight_name=file.name, local_files_only=True)
        pipeline.set_ip_adapter_scale(0.6)
        told = {"prompt": page_prompt(one), "num_inference_steps": one.steps, "guidance_scale": 4.0}
        theirs = pipeline(
            **told, latents=noise(one), ip_adapter_image=picture(0), output_type="latent"
        ).images
        ours, _ = drawn(generator, [one], [read], SchedulerSampler(pipeline.scheduler))
        plain, _ = draw(generator, [one], [ClassifierFree(4.0)], SchedulerSampler(pipeline.scheduler))
        assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()
        assert (plain - theirs).abs().max() > 1e-2 * theirs.abs().max()  # the picture counts

    def test_a_story_whose_cast_has_a_picture(
        self, sd1: Any, loaded: ImagePromptMemory, adapters: dict, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        picture(0).save(tmp_path / "mia.png")
        story = parse_story("Mia ran.")
        mia = story.cast[0].model_copy(update={"picture": "mia.png", "kind": "girl"})
        story = story.model_copy(update={"cast": (mia,)})
        events = illustrate(story, sd1, memory=loaded, steps=4, guidance=4.0, home=tmp_path)
        (done,) = [event for event in events if isinstance(event, PageDone)]
        one = PageRequest(scene_id=done.scene_id, caption="Mia ran.", stage=(replaced(mia),), steps=4)
        pipeline = StableDiffusionPipeline.from_pretrained(folders["sd1"], local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        spaced = {"timestep_spacing": "trailing", "steps_offset": 1}
        pipeline.scheduler = DPMSolverMultistepScheduler.from_config({**sd1.scheduler, **spaced})
        file = adapters["sd1", "plain"]
        pipeline.load_ip_adapter(file.parent, subfolder="", weight_name=file.name, local_files_only=True)
        pipeline.set_ip_adapter_scale(0.6)
        told = {"prompt": page_prompt(one), "num_inference_steps": 4, "guidance_scale": 4.0}
        theirs = pipeline(**told, latents=noise(one), ip_adapter_image=picture(0), output_type="np").images
        assert np.abs(np.asarray(done.image) - theirs[0] * 255).max() <= 1.001


def replaced(member: Any) -> StageEntry:
    return StageEntry(name=member.name, kind=member.kind, look=member.look)


def story_pictures(generator: Any, memory: Any, text: str = TEXT, **more: Any) -> list[bytes]:
    events = illustrate(parse_story(text), generator, memory=memory, steps=2, **more)
    return [event.image.tobytes() for event in events if isinstance(event, PageDone)]


def same(one: list[bytes], other: list[bytes]) -> list[bool]:
    return [a == b for a, b in zip(one, other, strict=True)]


class TestStories:
    def test_a_character_is_drawn_after_the_first_page_with_it_alone(
        self, sd1: Any, loaded: ImagePromptMemory
    ) -> None:
        plain = story_pictures(sd1, load_memory("none", sd1.name))
        ours = story_pictures(sd1, loaded)
        assert same(plain, ours) == [True, False, True, False]
        assert ours == story_pictures(sd1, loaded)
        assert plain == story_pictures(sd1, load_memory("none", sd1.name))  # nothing is left behind
        given = story_pictures(sd1, loaded, first_frame=picture(3).resize((64, 64)))
        assert same(ours, given) == [False, False, True, False]
        assert same(ours, story_pictures(sd1, configured(loaded, regions=True))) == [True, False, True, False]

    def test_at_strength_0_it_is_not_there(self, sd1: Any, loaded: ImagePromptMemory) -> None:
        off = configured(loaded, strength=0.0)
        assert story_pictures(sd1, off) == story_pictures(sd1, load_memory("none", sd1.name))

    def test_a_page_is_the_same_alone_and_among_others(self, sd1: Any, loaded: ImagePromptMemory) -> None:
        memory = configured(loaded, regions=True)
        state = shown(memory, sd1, (page(8, stage=(MIA,)), picture(0)), (page(9, stage=(JON,)), picture(1)))
        stages = [(MIA,), (MIA, JON), (), (JON,)]
        pages = [page(i, stage=stage) for i, stage in enumerate(stages)]
        read = [contexts(memory, sd1, state, one) for one in pages]
        _, together = drawn(sd1, pages, read)
        alone = [drawn(sd1, [one], [how])[1][0] for one, how in reversed(list(zip(pages, read, strict=True)))]
        assert [i.tobytes() for i in together] == [i.tobytes() for i in alone[::-1]]

    def test_pages_in_one_call_of_the_network_do_not_mix(self, sd1: Any, loaded: ImagePromptMemory) -> None:
        """As on a GPU: with other numbers of characters, or none, and prompts of other lengths."""
        memory = configured(loaded, regions=True)
        state = shown(memory, sd1, (page(8, stage=(MIA,)), picture(0)), (page(9, stage=(JON,)), picture(1)))
        pages = [
            page(stage=(MIA,)),
            page(caption="", stage=()),
            page(caption="tall grass " * 9, stage=(MIA, JON)),
        ]
        read = [contexts(memory, sd1, state, one)["cond"] for one in pages]
        x = torch.cat([noise(page(n)) for n in range(3)])
        together = sd1.denoiser(x, 500, Context.join(read))
        alone = torch.cat([sd1.denoiser(x[i : i + 1], 500, one) for i, one in enumerate(read)])
        assert (together - alone).abs().max() < 1e-4 * alone.abs().max()

    def test_the_latest_pictures_are_kept_beside_the_first(self, sd1: Any, loaded: ImagePromptMemory) -> None:
        for pictures, kept in [(1, [0]), (2, [0, 4]), (3, [0, 3, 4])]:
            memory = configured(loaded, pictures=pictures)
            pages = [(page(n, stage=(MIA,)), picture(n)) for n in range(5)]
            bank = shown(memory, sd1, *pages)["banks"][0]["Mia"]
            wanted = loaded.prompter.look([picture(n) for n in kept])
            assert torch.equal(torch.cat(bank), wanted)
        with pytest.raises(ValueError, match="pictures must be at least 1"):
            configured(loaded, pictures=0)
        with pytest.raises(ValueError, match=r"strength must be in 0\.\.1"):
            configured(loaded, strength=2.0)

    def test_the_contract(self, loaded: ImagePromptMemory) -> None:
        def pages(stories: int, seed: int) -> tuple[Context, Tensor]:
            images = tuple(picture(10 * seed + row) for row in range(stories))
            words = torch.zeros(stories, 7, 32), torch.ones(stories, 7, dtype=torch.bool)
            return Context(*words, cast=(frozenset({"Mia"}),) * stories, images=images), torch.zeros(
                stories, 1
            )

        check_memory(loaded, pages)

    def test_it_stacks_with_shared_attention(self, sd1: Any, loaded: ImagePromptMemory) -> None:
        shared = SharedAttentionMemory()
        both = story_pictures(sd1, Stack([shared, loaded]))
        ways = [story_pictures(sd1, memory)[1] for memory in (shared, loaded)]
        assert both[1] not in ways
        assert same(both, story_pictures(sd1, Stack([shared, configured(loaded, strength=0.0)])))[1] is False
        with pytest.raises(CheckpointError, match="cannot be stacked on itself"):
            Stack([loaded, ImagePromptMemory(loaded.prompter, name="image-prompt=other")])

    def test_earlier_pages_that_are_looked_at_read_no_pictures(self, sd1: Any, loaded: Any) -> None:
        memory = configured(loaded, regions=True)
        state = shown(memory, sd1, (page(8, stage=(MIA,)), picture(0)))
        prompts = contexts(memory, sd1, state, page(stage=(MIA,)))["cond"].prompts
        group = last_of_group(prompts, 3)
        assert group.there.any((1, 2)).tolist() == [False, False, True]
        assert torch.equal(group.tokens[2], prompts.tokens[0])
        assert torch.equal(group.regions.spoken[2], prompts.regions.spoken[0])


class Keys(nn.Module):
    """Keys and values that are the tokens themselves."""

    to_k = to_v = nn.Identity()


@pytest.fixture
def attention() -> Attention:
    """Plain attention with one head: everything is what it is given."""
    layer = Attention(query_dim=4, cross_attention_dim=4, heads=1, dim_head=4)
    for part in (layer.to_q, layer.to_k, layer.to_v, layer.to_out[0]):
        nn.init.eye_(part.weight)
    nn.init.constant_(layer.to_out[0].bias, 5.0)  # is the words', not the pictures'
    return layer.eval()


class TestRegions:
    """Words along the axes 0 (the mark at the start), 1 (Mia) and 2 (Jon), and places that look along them."""

    words = 8 * torch.eye(4)[None, :3]
    spoken = torch.tensor([[[False, True, False], [False, False, True]]])
    places = 4 * torch.eye(4)[None, [1, 1, 0, 2, 2]]
    mask = torch.ones(1, 3, dtype=torch.bool)

    def prompts(self, mia: float, jon: float, *, regions: bool = True) -> Prompts:
        pictures = torch.tensor([[[[0, 0, 0, mia]] * 2, [[0, 0, 0, jon]] * 2]])
        there = torch.tensor([[[True, True], [True, False]]])
        found = Regions(self.words, self.mask, self.spoken) if regions else None
        return Prompts(pictures, there, {"here": Keys()}, 0.5, found)

    def test_a_place_belongs_to_whose_words_it_looks_at(self, attention: Attention) -> None:
        found = find_regions(attention, self.places[:, None], Regions(self.words, self.mask, self.spoken))
        assert found[0].T.tolist() == [[True, True, False, False, False], [False, False, False, True, True]]

    def test_there_alone_its_pictures_are_read(self, attention: Attention) -> None:
        with torch.no_grad():
            read = read_pictures(attention, self.places, self.prompts(3.0, 7.0), "here")
            other = read_pictures(attention, self.places, self.prompts(3.0, 9.0), "here")
        assert read[0, :, 3].tolist() == pytest.approx([1.5, 1.5, 0, 3.5, 3.5])
        assert other[0, :, 3].tolist() == pytest.approx([1.5, 1.5, 0, 4.5, 4.5])
        assert read[0, :, :3].abs().max() == 0

    def test_without_regions_everywhere_all_of_them(self, attention: Attention) -> None:
        with torch.no_grad():
            read = read_pictures(attention, self.places, self.prompts(3.0, 6.0, regions=False), "here")
        assert read[0, :, 3].tolist() == pytest.approx([0.5 * (3 + 3 + 6) / 3] * 5)

    def test_who_is_not_named_has_no_place_and_padding_is_no_word(self, attention: Attention) -> None:
        nobody = torch.zeros(1, 1, 3, dtype=torch.bool)
        assert not find_regions(attention, self.places[:, None], Regions(self.words, self.mask, nobody)).any()
        longer = torch.cat([self.words, 100 * self.words[:, 1:2]], dim=1)
        kept = nn.functional.pad(self.mask, (0, 1)), nn.functional.pad(self.spoken, (0, 1))
        padded = find_regions(attention, self.places[:, None], Regions(longer, *kept))
        plain = find_regions(attention, self.places[:, None], Regions(self.words, self.mask, self.spoken))
        assert torch.equal(padded, plain)

    def test_they_reach_the_pictures(self, sd1: Any, loaded: ImagePromptMemory) -> None:
        one = page(stage=(MIA, JON))
        before = (page(8, stage=(MIA,)), picture(0)), (page(9, stage=(JON,)), picture(1))
        found = []
        for regions in (False, True):
            memory = configured(loaded, regions=regions)
            read = contexts(memory, sd1, shown(memory, sd1, *before), one)
            found.append(drawn(sd1, [one], [read])[1][0].tobytes())
        assert found[0] != found[1]
        told = read["cond"].told.names[0]
        spoken = read["uncond"].prompts.regions.spoken[0]  # of the words of the page, in both branches
        assert [row.nonzero().flatten().tolist() for row in spoken] == [list(told["Jon"]), list(told["Mia"])]
        with pytest.raises(ValueError, match="which words speak of whom"):
            memory.read(shown(memory, sd1, *before), replace(sd1.encode([one]), told=None), "cond")


def test_the_words_that_speak_of_a_character(sd1: Any) -> None:
    one = page(caption="Mia saw Miami with Jon's Mia.", stage=(MIA, StageEntry(name="Jon")))
    prompt, spans = page_prompt(one), spoken_of(one)
    assert [prompt[a:b] for a, b in spans["Mia"]] == ["Mia", "Mia", "Mia is a girl, red coat"]
    assert [prompt[a:b] for a, b in spans["Jon"]] == ["Jon"]
    names = sd1.encode([one]).told.names[0]
    ids = sd1.words[0].chunks(prompt)[0].flatten()
    letters = sd1.words[0].tokenizer.convert_ids_to_tokens(ids[list(names["Mia"])].tolist())
    assert "".join(letter.removesuffix("</w>") for letter in letters) == "miamiamiaisagirl,redcoat"
