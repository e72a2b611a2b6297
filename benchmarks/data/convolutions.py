"""Features of pictures: a layer of random convolutions."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn import datasets

from benchmarks.data.arrays import Arrays, finished
from benchmarks.data.packages import lacking


@dataclass(frozen=True)
class ConvolutionFeatures:
    """Means of the responses of random filters over the four quarters of a patch.

    A row is a square patch of a picture. The pictures are scikit-learn's digits, where each digit
    is one patch and the class is the digit. Or they are its two photographs, with patches
    ``stride`` pixels apart. There the class is the photograph and the vertical strip of it that the
    patch is from; each photograph has ``strips`` of them. Strips are hard to separate, photographs
    (one strip) easy but for some patches. Neighbours may overlap, so these rows are not
    independent. Each filter is followed by ReLU and has four columns, one for each quarter of the
    patch. The columns are not standardised: none is negative, some may be zero throughout, and
    they are far from centred.

    Random features: Rahimi and Recht, Random features for large-scale kernel machines (2007).
    One layer of pooled convolutions, and quarters: Coates, Ng and Lee, An analysis of single-layer
    networks in unsupervised feature learning (2011). Random filters: Saxe and others, On random
    weights and unsupervised feature learning (2011).
    """

    source: str  # "digits" or "photographs"
    filters: int
    seed: int
    width: int = 3  # of a filter
    patch: int = 8  # its side; all of a digit
    stride: int = 1
    strips: int = 1

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        if self.source == "photographs" and lacking("PIL"):
            return "pillow is not installed"
        return None

    def load(self) -> Arrays:
        if reason := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {reason}")
        if self.source == "digits":
            found = datasets.load_digits()
            return finished(self.features(found.images[..., None] / 16), found.target)
        # one photograph after the other needs half the memory
        photographs = datasets.load_sample_images().images
        X = [self.features(photograph[None] / 255) for photograph in photographs]
        y = [i * self.strips + self.strip(picture) for i, picture in enumerate(photographs)]
        return finished(np.concatenate(X), np.concatenate(y))

    @property
    def quarter(self) -> int:
        """The side of a quarter of the responses to a patch."""
        return (self.patch - self.width + 1) // 2

    def features(self, pictures: np.ndarray) -> np.ndarray:
        """Rows for the patches of pictures (N, height, width, colours), in reading order."""
        fan = self.width**2 * pictures.shape[-1]
        filters = np.random.default_rng(self.seed).standard_normal((fan, self.filters))
        filters *= np.sqrt(2 / fan)  # so that the responses are as large as the pixels
        windows = sliding_window_view(pictures, (self.width, self.width), axis=(1, 2))
        seen = windows.reshape(*windows.shape[:3], fan) @ filters
        np.maximum(seen, 0, out=seen)
        return (
            self.halves(self.halves(seen, 1), 3)
            .transpose(0, 1, 3, 2, 4, 5)
            .reshape(-1, 4 * self.filters)
        )

    def halves(self, seen: np.ndarray, axis: int) -> np.ndarray:
        """The responses with `axis` split in two: patches, and means over both halves of each."""
        starts = self.stride * np.arange(self.places(seen.shape[axis] + self.width - 1))
        starts = starts[:, None] + [0, self.quarter]
        means = np.take(seen, starts, axis)
        for shift in range(1, self.quarter):
            means += np.take(seen, starts + shift, axis)
        means /= self.quarter
        return means

    def places(self, pixels: int) -> int:
        """The number of patches along a side of so many pixels."""
        return (pixels - self.patch) // self.stride + 1

    def strip(self, picture: np.ndarray) -> np.ndarray:
        """The strip of each patch of a picture, in reading order."""
        down, across = (self.places(pixels) for pixels in picture.shape[:2])
        return np.tile(np.arange(across) * self.strips // across, down)
