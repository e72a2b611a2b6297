"""Features of letters and digits, drawn in the fonts that come with matplotlib."""

from dataclasses import dataclass
from pathlib import Path
from string import ascii_letters, digits

import numpy as np

from benchmarks.data.arrays import Arrays, finished
from benchmarks.data.convolutions import ConvolutionFeatures
from benchmarks.data.packages import home, lacking, version

CHARACTERS = ascii_letters + digits
#: The side of a picture and the size of a letter, in pixels.
SIDE, SIZE = 28, 20
#: The beginnings of the names of fonts, and fonts of symbols among them.
FAMILIES = ("DejaVu", "STIXGeneral", "cm")
SYMBOLS = {"DejaVuSansDisplay", "DejaVuSerifDisplay", "cmex10", "cmsy10"}


@dataclass(frozen=True, repr=False)
class Glyphs:
    """Pictures of 62 characters in about 20 fonts, seen by a layer of random convolutions.

    A row is a character in a font, its class is the character. The fonts are DejaVu, STIX and
    Computer Modern; a class has as many rows as there are fonts. The columns are those of
    `ConvolutionFeatures`, whose patch is the whole picture.

    The numbers depend on the fonts and on the library that draws them, so ``repr`` contains the
    versions of both packages.
    """

    filters: int = 240
    seed: int = 13

    def __repr__(self) -> str:
        versions = {"matplotlib": version("matplotlib"), "pillow": version("pillow")}
        return f"Glyphs(filters={self.filters!r}, seed={self.seed!r}, versions={versions!r})"

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        absent = lacking("matplotlib", "PIL")
        return f"{', '.join(absent)} not installed" if absent else None

    def load(self) -> Arrays:
        if reason := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {reason}")
        seen = ConvolutionFeatures("glyphs", self.filters, self.seed, width=5, patch=SIDE)
        drawn = [alphabet(path) for path in fonts()]
        X = np.concatenate([seen.features(pictures[..., None] / 255) for pictures in drawn])
        return finished(X, np.tile(np.arange(len(CHARACTERS)), len(drawn)))


def fonts() -> list[Path]:
    """The font files of matplotlib that have letters, in the order of their names."""
    files = sorted((home("matplotlib") / "mpl-data" / "fonts" / "ttf").glob("*.ttf"))
    return [f for f in files if f.name.startswith(FAMILIES) and f.stem not in SYMBOLS]


def alphabet(path: Path) -> np.ndarray:
    """A picture of each character (62, SIDE, SIDE), white on black, in the middle."""
    from PIL import Image, ImageDraw, ImageFont

    font, pictures = ImageFont.truetype(str(path), SIZE), []
    for character in CHARACTERS:
        picture = Image.new("L", (SIDE, SIDE))
        left, top, right, bottom = font.getbbox(character)
        corner = (SIDE - left - right) / 2, (SIDE - top - bottom) / 2
        ImageDraw.Draw(picture).text(corner, character, font=font, fill=255)
        pictures.append(np.asarray(picture))
    return np.stack(pictures)
