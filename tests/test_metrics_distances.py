"""Distances between sets of pictures, their features, and copies."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchmetrics.image.kid import poly_mmd

from lianhuan.bench.books import world_tales
from lianhuan.errors import CheckpointError
from lianhuan.metrics import copies
from lianhuan.metrics.distances import frechet_distance, kernel_distance
from lianhuan.metrics.features import PROTOCOLS, picture_features
from lianhuan.metrics.inception import Inception, load_inception
from lianhuan.metrics.reader import Reader
from lianhuan.metrics.statistics import TooLittleData, estimate
from lianhuan.world.draw import draw

RNG = np.random.default_rng(0)
TRUE = RNG.standard_normal((40, 5, 6))
OTHER = 0.7 * RNG.standard_normal((40, 5, 6)) @ RNG.standard_normal((6, 6)) + 0.4


def _frechet_by_square_roots(a: np.ndarray, b: np.ndarray) -> float:
    """The formula with symmetric square roots: Tr(S1 S2)^(1/2) = Tr(R S2 R)^(1/2), R = S1^(1/2)."""
    a, b = a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1])
    one, two = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(one)
    root = vectors * np.sqrt(values) @ vectors.T
    mixed = np.sqrt(np.linalg.eigvalsh(root @ two @ root)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(one + two) - 2 * mixed)


def _kernel_by_loops(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over ordered pairs of different stories, and over their frames, of k(a, a') + k(b, b') - k(a, b') - k(b, a')."""

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean([(u @ v / a.shape[-1] + 1) ** 3 for u in x for v in y]))

    pairs = [(s, t) for s in range(len(a)) for t in range(len(a)) if s != t]
    return float(np.mean([k(a[s], a[t]) + k(b[s], b[t]) - k(a[s], b[t]) - k(b[s], a[t]) for s, t in pairs]))


def test_frechet_distance_is_the_formula():
    found = frechet_distance(TRUE, OTHER, resamples=20)
    assert found.mean == pytest.approx(_frechet_by_square_roots(TRUE, OTHER), rel=1e-6)
    assert found.n == 200


def test_frechet_distance_of_a_shift_is_its_square():
    assert frechet_distance(TRUE, TRUE + 0.5, resamples=5).mean == pytest.approx(6 * 0.25)
    assert frechet_distance(TRUE, 3 * TRUE, resamples=5).mean == pytest.approx(
        4 * np.mean(TRUE, (0, 1)) @ np.mean(TRUE, (0, 1)) + 4 * np.trace(np.cov(TRUE.reshape(-1, 6).T))
    )


def test_kernel_distance_is_the_formula():
    few, others = TRUE[:5], OTHER[:5, :3]
    assert kernel_distance(few, others, resamples=5).mean == pytest.approx(_kernel_by_loops(few, others))


def test_kernel_distance_agrees_with_the_unpaired_one_on_many_pictures():
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal((2000, 1, 4)) + shift for shift in (0, 0.5))
    unpaired = float(poly_mmd(torch.from_numpy(a[:, 0]), torch.from_numpy(b[:, 0])))
    assert kernel_distance(a, b, resamples=5).mean == pytest.approx(unpaired, rel=0.02)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_a_set_is_at_no_distance_from_itself_and_further_off_the_more_it_is_changed(distance):
    same = distance(TRUE, TRUE, resamples=20)
    assert (same.mean, same.low, same.high) == pytest.approx((0, 0, 0), abs=1e-9)
    steps = [distance(TRUE, TRUE + shift, resamples=50) for shift in (0.3, 0.6, 1.2)]
    assert steps[0].mean < steps[1].mean < steps[2].mean
    assert all(found.low < found.mean < found.high for found in steps)
    assert distance(TRUE, OTHER, seed=4, resamples=20) == distance(TRUE, OTHER, seed=4, resamples=20)


def test_kernel_distance_has_no_bias():
    """Fresh sets of one distribution are at distance zero on average, whatever their frames have in common."""
    found, rng = [], np.random.default_rng(2)
    for _ in range(200):
        a, b = (rng.standard_normal((10, 1, 3)) + 0.3 * rng.standard_normal((10, 4, 3)) for _ in range(2))
        found.append(kernel_distance(a, b, resamples=1).mean)
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    """The kernel distance of N(0, 1) and N(1, 1) in one dimension is E k(x,x') + E k(y,y') - 2 E k(x,y)."""
    truth = _mean_kernel(0, 0) + _mean_kernel(1, 1) - 2 * _mean_kernel(0, 1)
    held, rng = [], np.random.default_rng(5)
    for _ in range(100):
        a, b = rng.standard_normal((60, 1, 1)), 1 + rng.standard_normal((60, 1, 1))
        found = kernel_distance(a, b, resamples=100)
        held.append(found.low <= truth <= found.high)
    assert 0.8 < np.mean(held) <= 1


def _mean_kernel(m: float, n: float) -> float:
    """E (x y + 1)^3 for independent x of N(m, 1), y of N(n, 1)."""
    first, second, third = m * n, (m**2 + 1) * (n**2 + 1), (m**3 + 3 * m) * (n**3 + 3 * n)
    return third + 3 * second + 3 * first + 1


def test_too_little_data_is_refused():
    with pytest.raises(TooLittleData, match="more than 6 pictures, not 5"):
        frechet_distance(TRUE[:5, :1], OTHER[:5])
    for distance in (frechet_distance, kernel_distance):
        with pytest.raises(TooLittleData, match="at least 2 stories, not 1"):
            distance(TRUE[:1], OTHER[:1])
        with pytest.raises(ValueError, match="the same stories"):
            distance(TRUE, OTHER[:9])


def _stripes(size: int) -> Image.Image:
    """Columns of one pixel, black and white."""
    return Image.fromarray(np.tile(np.uint8([[[0] * 3, [255] * 3]]), (size, size // 2, 1)))


def test_the_64_pixel_protocol_is_blind_to_what_is_finer():
    """Columns of a 128-pixel picture are gone at 64 pixels, and what is left is as large as the network wants."""
    grey = PROTOCOLS["ar-ldm-64"](_stripes(128), 96)
    sharp = PROTOCOLS["plain"](_stripes(128), 128)
    assert (grey.shape, sharp.shape) == ((1, 3, 96, 96), (1, 3, 128, 128))
    assert grey[..., 8:-8].abs().max() < 0.05
    assert sharp.abs().min() == 1
    wide = Image.new("RGB", (300, 100), "black")
    wide.paste("white", (0, 0, 75, 100))
    assert PROTOCOLS["ar-ldm-64"](wide, 64)[0, 0, 0].gt(0).sum() == 16  # all of it, not a square of it
    assert PROTOCOLS["plain"](wide, 64)[0, 0, 0].gt(0).sum() == 0


def test_features_of_the_reader_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    reader = Reader({"place": 3}).eval()
    pictures = [Image.fromarray(RNG.integers(0, 256, (40, 50, 3), np.uint8)) for _ in range(18)]
    found = picture_features(pictures, reader)
    assert found.shape == (18, 192)
    assert found.std(0).min() > 0
    np.testing.assert_allclose(picture_features(pictures[16:], reader), found[16:], rtol=1e-4, atol=1e-6)
    assert not np.allclose(picture_features(pictures[:2], reader, "ar-ldm-64"), found[:2], rtol=1e-2)


@pytest.fixture(scope="module")
def inception() -> Inception:
    torch.manual_seed(0)
    return Inception().eval()


def test_inception_has_the_published_size_and_names(inception: Inception):
    """21,785,568 weights come before the classifier, in 94 convolutions."""
    assert sum(p.numel() for p in inception.parameters()) == 21_785_568
    names = set(inception.state_dict())
    assert sum(name.endswith(".conv.weight") for name in names) == 94
    assert {
        "Conv2d_4a_3x3.bn.running_var", "Mixed_5d.branch3x3dbl_3.conv.weight", "Mixed_6a.branch3x3.bn.weight",
        "Mixed_6e.branch7x7dbl_5.conv.weight", "Mixed_7a.branch7x7x3_4.conv.weight",
        "Mixed_7c.branch3x3dbl_3b.conv.weight", "Mixed_7b.branch_pool.bn.bias",
    } <= names  # fmt: skip


def test_inception_gives_2048_features(inception: Inception):
    found = picture_features([_stripes(64)], inception, "ar-ldm-64")
    assert found.shape == (1, 2048)
    assert np.isfinite(found).all()


def test_saved_inception_weights_are_the_same_and_damaged_ones_a_clear_error(inception: Inception, tmp_path):
    weights = {n: w for n, w in inception.state_dict().items() if not n.endswith("num_batches_tracked")}
    save_file({**weights, "fc.weight": torch.zeros(1008, 2048)}, tmp_path / "inception.safetensors")
    again = load_inception(tmp_path / "inception.safetensors")
    assert torch.equal(again.Mixed_7c.branch1x1.conv.weight, inception.Mixed_7c.branch1x1.conv.weight)
    assert not again.training
    save_file({"fc.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "pickle.pth")
    for name, reason in [
        ("gone", "missing"),
        ("other.safetensors", "no Inception"),
        ("pickle.pth", "no Inc"),
    ]:
        with pytest.raises(CheckpointError, match=reason):
            load_inception(tmp_path / name)


def _thumbnails(stories: int) -> np.ndarray:
    tales = world_tales("validation", stories, 5)
    return np.stack([copies.thumbnails([draw(f.graph, 64) for f in tale.frames]) for tale in tales])


def test_pasted_pages_are_copies_and_true_pages_are_none():
    true = _thumbnails(40)
    pasted = np.repeat(true[:, :1], 5, axis=1)
    grain = pasted + 3 * RNG.standard_normal(
        pasted.shape
    )  # as grain of 12 levels at 128 pixels leaves in a thumbnail
    assert estimate(copies.copy_paste(pasted)).mean == 1
    assert estimate(copies.copy_paste(grain)).mean == 1
    assert estimate(copies.copy_paste(true)).mean <= 0.02
    late = true.copy()
    late[:, 4] = true[:, 2]  # one of four pages, and not of page 1
    assert estimate(copies.copy_paste(late)).mean == pytest.approx(0.25, abs=0.02)


def test_thumbnails_average_what_is_finer():
    found = copies.thumbnails([_stripes(128)])
    assert found.shape == (1, 32, 32, 3)
    assert np.abs(found - 127.5).max() < 1


def test_the_distance_to_the_nearest_earlier_page_is_in_grey_levels():
    pages = np.zeros((1, 3, 32, 32, 3), np.float32)
    pages[0, 1] = 10
    pages[0, 2] = 14
    assert copies.nearest_earlier(pages).tolist() == [[10, 4]]
    assert copies.copy_paste(pages).hits.tolist() == [1]
    assert copies.threshold(np.arange(1001.0)) == 5
    with pytest.raises(TooLittleData, match="a single page"):
        copies.copy_paste(pages[:, :1])
