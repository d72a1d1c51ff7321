"""Claims about what is added to checkpoints: LoRA adapters, textual inversions, another autoencoder."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

from checkpoint_runs import assert_same, draw, drawn_by_stock, page
from extras_runs import stock_pipeline, write_embedding, write_lora
from lianhuan import load_generator
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError
from lianhuan.generators import Extras
from lianhuan.generators.extras import marked
from lianhuan.generators.options import lora
from lianhuan.testing.checkpoints import Family, tiny_checkpoint
from lianhuan.testing.pipelines import tiny_pipeline

SCALE = 0.6


def ours(folder: Path, extras: Extras, caption: str = "A red fox") -> Any:
    return draw(load_generator(folder, extras), [page(caption=caption)], [ClassifierFree(4.0)], "checkpoint")


class TestLoras:
    @pytest.mark.parametrize("form", ["diffusers", "peft", "kohya"])
    def test_the_picture_is_that_of_the_stock_pipeline(
        self, form: str, family: Family, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        pipeline = stock_pipeline(folders[family])
        path = write_lora(pipeline, tmp_path / "lora.safetensors", form)
        plain = ours(folders[family], Extras(), "A red fox")
        found = ours(folders[family], Extras(loras=(f"{path}:{SCALE}",)))
        pipeline.load_lora_weights(str(path), adapter_name="one")
        pipeline.set_adapters(["one"], [SCALE])
        assert_same(found, drawn_by_stock(pipeline, page(caption="A red fox"), 4.0))
        assert (found[0] - plain[0]).abs().max() > 1e-2 * plain[0].abs().max()

    def test_several_add_up(self, folders: dict[str, Path], tmp_path: Path) -> None:
        pipeline, scales = stock_pipeline(folders["sd1"]), [0.5, 1.0]
        files = [write_lora(pipeline, tmp_path / f"{i}.safetensors", "peft", seed=i) for i in range(2)]
        for path, scale in zip(files, scales, strict=True):
            tensors = load_file(path)
            for name in {name.rpartition(".lora_")[0] for name in tensors}:
                part, _, layer = name.partition(".")
                change = tensors[f"{name}.lora_B.weight"] @ tensors[f"{name}.lora_A.weight"]
                getattr(pipeline, part).get_submodule(layer).weight.data += scale * change
        found = load_generator(folders["sd1"], Extras(loras=(f"{files[0]}:0.5", str(files[1]))))
        pairs = [(found.denoiser.unet, pipeline.unet), (found.text_encoder[0], pipeline.text_encoder)]
        for mine, by_hand in pairs:
            weights = dict(mine.named_parameters())
            assert weights.keys() == dict(by_hand.named_parameters()).keys()
            for name, weight in by_hand.named_parameters():
                assert torch.allclose(weights[name], weight, atol=1e-5), name

    def test_stock_pipelines_take_them(self, tmp_path: Path) -> None:
        folder = tiny_pipeline(tmp_path / "sd3", "sd3")
        plain = load_generator(folder)
        path = write_lora(plain.pipeline, tmp_path / "lora.safetensors", "peft", parts=("transformer",))
        found = load_generator(folder, Extras(loras=(f"{path}:{SCALE}",)))
        by_hand = load_generator(folder).pipeline
        by_hand.load_lora_weights(str(path), adapter_name="one")
        by_hand.set_adapters(["one"], [SCALE])
        how = {**plain.call(page(), 3.0, ()), "output_type": "np"}
        pictures = []
        for pipeline in (plain.pipeline, found.pipeline, by_hand):
            how["generator"] = torch.Generator().manual_seed(1)
            pictures.append(torch.from_numpy(pipeline(**how).images[0]))
        assert (pictures[1] - pictures[2]).abs().max() < 1 / 255
        assert (pictures[1] - pictures[0]).abs().max() > 5 / 255
        assert found.fingerprint != plain.fingerprint

    def test_one_of_another_family_is_refused(self, folders: dict[str, Path], tmp_path: Path) -> None:
        for made_for, form in (("sdxl", "kohya"), ("sdxl", "diffusers"), ("sd2", "peft")):
            pipeline = stock_pipeline(folders[made_for])
            path = write_lora(pipeline, tmp_path / f"{made_for}-{form}.safetensors", form)
            with pytest.raises(CheckpointError, match="another model family"):
                load_generator(folders["sd1" if made_for == "sdxl" else "sdxl"], Extras(loras=(str(path),)))

    def test_scales(self, tmp_path: Path) -> None:
        assert lora("a/b.safetensors:0.5") == (Path("a/b.safetensors"), 0.5)
        assert lora("a/b.safetensors") == (Path("a/b.safetensors"), 1.0)
        odd = tmp_path / "a:1"
        odd.touch()
        assert lora(str(odd)) == (odd, 1.0)
        with pytest.raises(CheckpointError, match="must be a number"):
            lora("b.safetensors:nan")


class TestEmbeddings:
    @pytest.mark.parametrize("vectors", [1, 3])
    def test_the_picture_is_that_of_the_stock_pipeline(
        self, vectors: int, family: Family, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        path = write_embedding(tmp_path / "Zorro.safetensors", family, vectors)
        pipeline, tensors = stock_pipeline(folders[family]), load_file(path)
        for key, number in (("emb_params", ""), ("clip_l", ""), ("clip_g", "_2")):
            if key in tensors:
                parts = {name: getattr(pipeline, name + number) for name in ("text_encoder", "tokenizer")}
                pipeline.load_textual_inversion(tensors[key], token="zorro", **parts)
        words = "A fox in Zorro style"
        found = ours(folders[family], Extras(embeddings=(str(path),)), words)
        assert_same(found, drawn_by_stock(pipeline, page(caption=words.lower()), 4.0))
        plain = ours(folders[family], Extras(), words)
        assert (found[0] - plain[0]).abs().max() > 1e-2 * plain[0].abs().max()

    def test_words_are_found_behind_one_of_several_vectors(
        self, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        path = write_embedding(tmp_path / "zorro.safetensors", "sd1", vectors=3)
        (words,) = load_generator(folders["sd1"], Extras(embeddings=(str(path),))).words
        assert words.places("a zorro b", [(8, 9)]) == (5,)
        assert words.places("a zorro b", [(2, 7)]) == (2, 3, 4)
        ids, mask = words.chunks("a zorro b")
        assert mask.sum() == 7
        assert ids[0, 5] == words.chunks("b")[0][0, 1]

    def test_one_of_another_family_is_refused(self, folders: dict[str, Path], tmp_path: Path) -> None:
        wide = write_embedding(tmp_path / "wide.safetensors", "sd2", width=48)
        double = write_embedding(tmp_path / "double.safetensors", "sdxl")
        with pytest.raises(
            CheckpointError, match=r"48 numbers, the model's words have 32.*another model family"
        ):
            load_generator(folders["sd1"], Extras(embeddings=(str(wide),)))
        with pytest.raises(CheckpointError, match="no embedding for this model; it holds clip_g, clip_l"):
            load_generator(folders["sd1"], Extras(embeddings=(str(double),)))
        single = write_embedding(tmp_path / "single.safetensors", "sd1")
        with pytest.raises(CheckpointError, match="no embedding for this model; it holds emb_params"):
            load_generator(folders["sdxl"], Extras(embeddings=(str(single),)))

    def test_a_name_that_is_a_word_already_is_refused(self, folders: dict[str, Path], tmp_path: Path) -> None:
        path = write_embedding(tmp_path / "a.safetensors", "sd1")
        with pytest.raises(CheckpointError, match="already in tokenizer"):
            load_generator(folders["sd1"], Extras(embeddings=(str(path),)))


class TestVaes:
    def test_the_picture_is_decoded_by_it(self, folders: dict[str, Path], tmp_path: Path) -> None:
        other = tiny_checkpoint(tmp_path / "other", "sd1", seed=5) / "vae"
        pipeline = stock_pipeline(folders["sd1"])
        pipeline.vae = AutoencoderKL.from_pretrained(other)
        found = ours(folders["sd1"], Extras(vae=str(other)))
        assert_same(found, drawn_by_stock(pipeline, page(caption="A red fox"), 4.0))
        plain = ours(folders["sd1"], Extras())
        assert torch.equal(plain[0], found[0])
        assert plain[1][0].tobytes() != found[1][0].tobytes()

    def test_one_with_other_latents_is_refused(self, folders: dict[str, Path], tmp_path: Path) -> None:
        config = json.loads((folders["sd1"] / "vae" / "config.json").read_text())
        AutoencoderKL.from_config({**config, "latent_channels": 8}).save_pretrained(tmp_path / "vae")
        with pytest.raises(CheckpointError, match=r"latents have 8 channels, this model's have 4"):
            load_generator(folders["sd1"], Extras(vae=str(tmp_path / "vae")))

    def test_attention_with_the_names_that_weights_had_before(
        self, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        shutil.copytree(folders["sd1"] / "vae", tmp_path / "vae")
        path = tmp_path / "vae" / "diffusion_pytorch_model.safetensors"
        names = {"to_q.": "query.", "to_k.": "key.", "to_v.": "value.", "to_out.0.": "proj_attn."}
        old = {}
        for name, tensor in load_file(path).items():
            for new, before in names.items():
                name = name.replace(new, before)
            old[name] = tensor
        assert sum("proj_attn" in name for name in old) == 4
        save_file(old, path, {"format": "pt"})
        found, plain = ours(folders["sd1"], Extras(vae=str(tmp_path / "vae"))), ours(folders["sd1"], Extras())
        assert found[1][0].tobytes() == plain[1][0].tobytes()


@pytest.mark.parametrize("option", ["loras", "embeddings"])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.safetensors", None, "is not there"),
        ("cut.safetensors", b"\x10", "is no safetensors file, or damaged"),
        ("style.pt", b"\x80", "is a pickle that can run code"),
    ],
)
def test_bad_files_are_refused(
    option: str, name: str, content: bytes | None, words: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        load_generator(folders["sd1"], Extras(**{option: (str(path),)}))


def test_a_file_without_a_lora_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    save_file({"some.hada_w1_a": torch.zeros(1)}, tmp_path / "loha.safetensors")
    with pytest.raises(CheckpointError, match="holds no LoRA of a known form"):
        load_generator(folders["sd1"], Extras(loras=(str(tmp_path / "loha.safetensors"),)))


def test_the_embedded_model_takes_none() -> None:
    with pytest.raises(CheckpointError, match="storybook takes no vae, loras"):
        load_generator("storybook", Extras(vae="x", loras=("y",)))


def test_the_fingerprint_names_what_was_added(folders: dict[str, Path], tmp_path: Path) -> None:
    pipeline = stock_pipeline(folders["sd1"])
    first, second = (
        str(write_lora(pipeline, tmp_path / f"{i}.safetensors", "kohya", seed=i)) for i in range(2)
    )
    kinds = [(), (first,), (second,), (f"{first}:0.5",), (first, second)]
    marks = [marked("weights", Extras(loras=loras)) for loras in kinds]
    assert len(set(marks)) == len(kinds)
    plain, found = (load_generator(folders["sd1"], Extras(loras=loras)).fingerprint for loras in kinds[:2])
    assert found == marked(plain, Extras(loras=(first,))) != plain
