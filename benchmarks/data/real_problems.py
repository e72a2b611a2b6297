"""The problems that are made of real data."""

from benchmarks.data.convolutions import ConvolutionFeatures
from benchmarks.data.surveys import Statsmodels
from benchmarks.data.texts import TextTopics

RealData = Statsmodels | ConvolutionFeatures | TextTopics


def real_problems() -> list[tuple[str, str, RealData, float]]:
    """The name, title, data set and C of each problem."""
    text = TextTopics(300)
    digits = ConvolutionFeatures("digits", filters=128, seed=9)
    patches = {"seed": 10, "width": 5, "patch": 16, "stride": 4}
    photographs = ConvolutionFeatures("photographs", filters=64, strips=4, **patches)
    photograph = ConvolutionFeatures("photographs", filters=64, **patches)
    surveys = [
        ("spector", "better grades"),
        ("birthweight", "low birth weight"),
        ("travel", "mode of travel, K=4"),
        ("vote", "vote of 1996"),
        ("party", "party identification, K=7"),
        ("smoking", "mothers who smoke, K=4"),
        ("fair", "affairs"),
        ("doctor", "visits to a doctor"),
        ("pupils", "pupils in mathematics"),
    ]
    return [
        *[
            (n, f"{title}, standardised", Statsmodels(n, "standardised"), 1.0)
            for n, title in surveys
        ],
        ("fair-raw", "affairs, raw", Statsmodels("fair"), 1.0),
        ("pupils-raw", "pupils in mathematics, raw", Statsmodels("pupils"), 1.0),
        ("convolved@1", "digits, 512 random convolutions, K=10", digits, 1.0),
        ("convolved@100", "digits, 512 random convolutions, K=10", digits, 100.0),
        ("photograph", "patches of two photographs, 256 random convolutions", photograph, 1.0),
        ("strips", "strips of two photographs, 256 random convolutions, K=8", photographs, 1.0),
        ("text@1", "docstrings, 300 components", text, 1.0),
        ("text@100", "docstrings, 300 components", text, 100.0),
    ]
