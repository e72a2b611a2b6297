"""Draws the pictures of the documentation from runs of our own: ``python docs/figures.py``.

With ``--readme`` it renews the picture that the README shows, which is kept in the repository.
"""

import inspect
import re
import sys
import warnings
from contextlib import redirect_stdout
from doctest import DocTestParser
from io import StringIO
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import pyplot
from matplotlib.figure import Figure
from sklearn import cluster, linear_model, tree
from sklearn.datasets import load_breast_cancer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import scale

from logitron import LogisticRegression, LogisticRegressionCV, neuron
from logitron.cli.digits import train
from logitron.cli.plots import save_neuron

HERE = Path(__file__).parent
GENERATED = HERE / "generated"
BLUE, RED = "#1f6f8b", "#b5403a"


def _tidy(axes, **labels) -> None:
    axes.set(**labels)
    axes.grid(True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def sigmoid(path: Path) -> None:
    """The squashing function, and the curvature that it gives the loss."""
    z = np.linspace(-8, 8, 401)[:, None]
    figure = Figure(figsize=(9, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(z, neuron.sigmoid(z), color=BLUE)
    _tidy(left, title="Sigmoid", xlabel="logit", ylabel="probability")
    for y, color in ((1.0, BLUE), (0.0, RED)):
        right.plot(
            z, neuron.cross_entropy(z, np.full_like(z, y)), color=color, label=f"y = {y:.0f}"
        )
    right.legend(frameon=False)
    _tidy(right, title="Cross-entropy", xlabel="logit", ylabel="loss of a row")
    figure.savefig(path)


def overflow(path: Path) -> None:
    """The loss from clipped or unclipped probabilities, and from logits."""
    z = np.linspace(0, 60, 241)[:, None]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        naive = -np.log(1 - 1 / (1 + np.exp(-z)))
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(z, neuron.cross_entropy(z, np.zeros_like(z)), color=BLUE, label="from the logit")
    seen = np.isfinite(naive)
    axes.plot(z[seen], naive[seen], ".", color=RED, markersize=4, label="from the probability")
    axes.axvline(float(z[~seen].min()), color=RED, linewidth=0.8, linestyle=":")
    axes.legend(frameon=False)
    _tidy(axes, xlabel="logit of a row whose target is 0", ylabel="loss")
    figure.savefig(path)


def words(path: Path) -> None:
    """The words with the largest coefficients of three modules' documentation."""
    texts, modules = [], []
    for module in (cluster, linear_model, tree):
        for name in module.__all__:
            paragraphs = (inspect.getdoc(getattr(module, name)) or "").split("\n\n")
            texts += [paragraph for paragraph in paragraphs if len(paragraph) > 60]
            modules += [module.__name__.split(".")[1]] * (len(texts) - len(modules))
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    clf = LogisticRegression(C=10.0).fit(vectorizer.fit_transform(texts), modules)
    names = vectorizer.get_feature_names_out()
    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, module, coef in zip(figure.subplots(1, 3), clf.classes_, clf.coef_, strict=True):
        largest = np.argsort(coef)[-10:]
        axes.barh(names[largest], coef[largest], color=BLUE)
        _tidy(axes, title=module, xlabel="coefficient")
    figure.savefig(path)


def l1_path(path: Path) -> None:
    """Coefficients along a path of L1 penalties, and the held-out loss of each."""
    X, y = load_breast_cancer(return_X_y=True)
    model = LogisticRegressionCV(
        Cs=np.logspace(-2, 1, 31), l1_ratios=[1.0], scoring="neg_log_loss"
    ).fit(scale(X), y)
    figure = Figure(figsize=(9, 3), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.semilogx(model.Cs_, model.coefs_paths_[0, 0, :, 0, :-1], linewidth=1)
    _tidy(left, title="One fold", xlabel="C", ylabel="coefficients")
    losses = -model.scores_[:, 0, :]
    right.semilogx(model.Cs_, losses.T, color=BLUE, linewidth=0.7, alpha=0.5)
    right.semilogx(model.Cs_, losses.mean(axis=0), color=BLUE, linewidth=2)
    right.axvline(model.C_, color=RED, linewidth=0.8, linestyle=":")
    _tidy(right, title="Held-out rows", xlabel="C", ylabel="mean log-loss")
    figure.savefig(path)


def of_page(page: Path) -> None:
    """Run the examples of a page, and save what they have drawn before each picture."""
    names: dict[str, object] = {}
    parts = re.split(r"^\.\. image:: generated/(\w+\.svg)$", page.read_text(), flags=re.MULTILINE)
    for text, picture in zip(parts[::2], parts[1::2], strict=False):
        with redirect_stdout(StringIO()):
            for example in DocTestParser().get_examples(text):
                exec(compile(example.source, str(page), "single"), names)
        pyplot.gcf().savefig(GENERATED / picture, bbox_inches="tight")
        pyplot.close("all")


def main() -> None:
    GENERATED.mkdir(exist_ok=True)
    matplotlib.use("Agg")
    for page in ("displays", "linear_probes"):
        of_page(HERE / f"{page}.rst")
    sigmoid(GENERATED / "sigmoid.svg")
    overflow(GENERATED / "overflow.svg")
    words(GENERATED / "words.svg")
    l1_path(GENERATED / "l1_path.svg")
    run = train("numpy")
    save_neuron(run.loss_curve, run.coef, GENERATED / "neuron.svg")
    if "--readme" in sys.argv[1:]:
        save_neuron(run.loss_curve, run.coef, HERE / "neuron.png")


if __name__ == "__main__":
    main()
