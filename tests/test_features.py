"""Features for FID: 8-bit images, clean-fid's resize, and nothing lost at the last batch."""

import numpy as np
import pytest
import torch
from PIL import Image

from scoreladder import datasets, features, metrics


@pytest.fixture(scope="module")
def digits():
    grey = datasets.load({"name": "digits"})
    return grey._replace(**{part: grey.values(part) for part in ("train", "tune", "test")})


@pytest.fixture(scope="module")
def classifier(digits):
    return features.train_classifier(digits.train, digits.train_labels, steps=150)


def sums(images):
    """A feature network that shows which image went where: means of quadrants, all channels."""
    return torch.nn.functional.adaptive_avg_pool2d(images, 2).flatten(1)


def pil_resized(images):
    """Grey images in 0..255 to 32×32 by PIL's bicubic filter in floating point, three channels."""
    resized = [
        np.asarray(Image.fromarray(grey.astype(np.float32)).resize((32, 32), Image.BICUBIC))
        for grey in images[:, 0]
    ]
    return torch.from_numpy(np.stack(resized).clip(0, 255))[:, None].expand(-1, 3, -1, -1)


def test_images_are_rounded_to_the_nearest_of_256_levels():
    levels = torch.arange(256)
    for shift in (-0.49, 0, 0.49):
        image = (levels + shift) / 127.5 - 1
        assert features.to_uint8(image).tolist() == levels.tolist()
    assert features.to_uint8(image).dtype == np.uint8


def test_values_out_of_range_are_clipped_and_shapes_kept():
    image = np.array([[-7.0, -1.0], [1.0, 7.0]], dtype=np.float32)
    assert features.to_uint8(image).tolist() == [[0, 0], [255, 255]]
    assert features.to_uint8(np.zeros((2, 1, 8, 8))).shape == (2, 1, 8, 8)


def test_the_grey_levels_of_digits_survive_quantisation(digits):
    back = features.to_uint8(digits.test) / 127.5 - 1
    assert (np.round((back + 1) * 8) == (digits.test + 1) * 8).all()


@pytest.mark.parametrize("n", [1, 4, 7, 8, 9])
def test_features_are_those_of_the_resized_images_in_order_and_number(digits, n):
    images = digits.test[:n]
    found = features.extract(images, sums, batch=4)
    expected = sums(pil_resized(features.to_uint8(images))).numpy()
    assert found.shape == (n, 12)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_batch_size_does_not_matter(digits, classifier):
    whole = features.extract(digits.test[:50], classifier.features, batch=50)
    assert whole.shape == (50, features.FEATURES)
    for batch in (7, 128):
        parts = features.extract(digits.test[:50], classifier.features, batch=batch)
        assert np.allclose(parts, whole, rtol=1e-4, atol=1e-4)


def test_colour_images_keep_their_channels():
    images = np.random.default_rng(0).uniform(-1, 1, (3, 3, 8, 8)).astype(np.float32)
    found = features.extract(images, sums, batch=2)
    for channel in range(3):
        alone = features.extract(images[:, channel : channel + 1], sums, batch=2)
        assert np.array_equal(found[:, 4 * channel : 4 * channel + 4], alone[:, :4])


def test_the_classifier_is_a_function_of_its_data(digits):
    trained = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        trained.append(features.train_classifier(digits.train, digits.train_labels, steps=5))
    for first, second in zip(*(network.parameters() for network in trained), strict=True):
        assert torch.equal(first, second)


def test_the_classifier_knows_held_out_digits(digits, classifier):
    assert features.accuracy(classifier, digits.test, digits.test_labels) > 0.85


def test_the_classifier_comes_back_from_its_file_bit_for_bit(digits, classifier, tmp_path):
    features.save_classifier(classifier, tmp_path / "classifier.safetensors")
    loaded = features.load_classifier(tmp_path / "classifier.safetensors")
    expected = features.extract(digits.test[:20], classifier.features)
    assert np.array_equal(features.extract(digits.test[:20], loaded.features), expected)
    assert not loaded.training


def test_fid_tells_real_digits_from_blurred_and_noisy_ones(digits, classifier):
    def moments(images):
        return metrics.moments(features.extract(images, classifier.features))

    real = moments(digits.train[:500])
    noise = 0.3 * np.random.default_rng(0).standard_normal(digits.test.shape).astype(np.float32)
    blurred = sum(np.roll(digits.test, shift, axis) for shift in (0, 1) for axis in (2, 3)) / 4
    held_out, noisy, smooth = (
        metrics.frechet_distance(*moments(images), *real)
        for images in (digits.test, digits.test + noise, blurred.astype(np.float32))
    )
    assert 2 * held_out < min(noisy, smooth)
