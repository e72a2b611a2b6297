"""The plan: the obvious cases get the obvious method."""

import re
from pathlib import Path

import pytest

from logitron.automatic import COSTS, choose, plan
from logitron.automatic.plan_text import METHODS, duration


@pytest.mark.parametrize(
    ("n", "p", "classes"), [(150, 4, 3), (569, 30, 1), (1000, 2, 1), (178, 13, 3)]
)
def test_small_problems_get_newtons_method(n, p, classes):
    assert choose(n, p, 1, classes).method == "newton"


@pytest.mark.parametrize(("groups", "classes"), [(1, 10), (10, 1), (1000, 1), (100, 1)])
def test_many_columns_share_one_gram_matrix(groups, classes):
    plan = choose(50_000, 768, groups, classes)
    assert plan.method == "shared"
    assert not plan.samples


@pytest.mark.parametrize("method", [None, "lbfgs"])
@pytest.mark.parametrize("n", [20_000, 200_000])
def test_a_hundred_thousand_features_have_no_products(method, n):
    """Their matrix would take eighty gigabytes."""
    plan = choose(n, 100_000, 1, 1, method=method)
    assert plan.method == "diagonal"
    assert plan.batch == 0  # no whole Hessian either


def test_more_features_than_rows_use_no_products_of_features():
    assert choose(500, 5_000, 1, 1).method in ("row-space", "diagonal")
    for keeps, method in ((True, "sampled"), (False, "diagonal")):
        plan = choose(500, 5_000, 1, 1, method="lbfgs", keeps_logits=keeps)
        assert plan.method == method


@pytest.mark.parametrize(
    ("n", "p", "groups"), [(1_000_000, 50, 1), (500, 5_000, 1), (50_000, 768, 100), (150, 4, 1)]
)
def test_lazy_rows_are_neither_sampled_nor_rotated(n, p, groups):
    plan = choose(n, p, groups, 1, lazy=True, draws=False)
    assert plan.samples == ()
    assert plan.method != "row-space"


def test_samples_grow_where_rows_are_many():
    samples = choose(1_000_000, 50, 1, 1).samples
    assert len(samples) >= 2
    assert list(samples) == sorted(samples)
    assert samples[0] >= 10 * 51  # enough to know every coefficient
    assert samples[-1] <= 100_000  # and all of them together are less than a pass
    assert sum(samples) <= 200_000


@pytest.mark.parametrize(
    ("n", "p", "sampled"),
    [
        (20_000, 50, True),  # as few rows for each parameter as are worth it
        (5_000, 50, False),
        (3_000, 3, False),  # a pass costs no more than its calls
        (100_000, 300, False),  # the Hessians of samples would cost as much as they save
        (10_000_000, 50, True),
    ],
)
def test_samples_are_drawn_where_they_save_more_than_they_cost(n, p, sampled):
    plan = choose(n, p, 1, 1)
    assert bool(plan.samples) is sampled
    for count in plan.samples:
        costs = COSTS.of(count, p, 1, 1)
        assert costs.hessian <= 0.3 * plan.costs.one_pass
        assert count <= n / 12


@pytest.mark.parametrize("method", ["newton", "lbfgs"])
def test_what_is_asked_for_is_done_without_samples(method):
    plan = choose(1_000_000, 50, 1, 1, method=method)
    assert plan.method == {"newton": "newton", "lbfgs": "shared"}[method]
    assert plan.samples == ()


def test_whole_hessians_fit_the_memory():
    for groups, classes, p in ((1, 1, 50), (1000, 1, 768), (1, 100, 768), (1, 10, 20_000)):
        plan = choose(100_000, p, groups, classes)
        assert plan.batch * (classes * (p + 1)) ** 2 * 8 <= 2**31


def test_costs_grow_with_the_problem():
    small, large = COSTS.of(10_000, 50, 1, 1), COSTS.of(100_000, 500, 1, 1)
    for name in ("one_pass", "gram", "hessian"):
        assert 0.0 < getattr(small, name) < getattr(large, name)
    one, many = COSTS.of(50_000, 100, 1, 1), COSTS.of(50_000, 100, 100, 1)
    assert many.one_pass < one.one_pass  # they share the reading


@pytest.mark.parametrize(
    ("n", "p", "groups", "classes"),
    [(2_000, 4_096, 1, 1), (8_000, 4_096, 1, 10), (20_000, 2_048, 1, 1), (2_000, 2_048, 5, 1)],
)
def test_wide_features_are_known_from_a_sample(n, p, groups, classes):
    plan = choose(n, p, groups, classes)
    assert plan.method == "sampled"
    assert 0 < plan.spectrum_rank <= min(200, n // 3, p // 4)
    assert 8 * plan.spectrum_rank <= plan.spectrum_rows <= n
    for refused in ({"lazy": True, "keeps_logits": False}, {"bounded": False}, {"weighed": True}):
        assert choose(n, p, groups, classes, **refused).method != "sampled"


@pytest.mark.parametrize(
    ("n", "p", "classes"), [(200, 4_096, 1), (20_000, 768, 10), (4_000, 500, 1), (300, 9_000, 5)]
)
def test_an_exact_spectrum_is_taken_where_it_is_cheap(n, p, classes):
    assert choose(n, p, 1, classes).method != "sampled"


@pytest.mark.parametrize(
    ("n", "p", "groups", "classes", "on_logits"),
    [(1797, 64, 1, 10, True), (5000, 384, 1, 1, True), (8000, 60, 40, 1, False)],
)
def test_slow_problems_may_go_on_with_kept_logits(n, p, groups, classes, on_logits):
    plan = choose(n, p, groups, classes)
    assert plan.on_logits is on_logits
    assert plan.before_blocks is None


def test_sparse_features_turn_to_blocks_only_where_those_fit():
    few = choose(20_000, 300, 1, 1, entries=80_000)
    more = choose(20_000, 1200, 1, 1, entries=80_000)
    assert few.method == more.method == "hessian-diagonal"
    assert 30 <= few.before_blocks < more.before_blocks
    assert choose(60_000, 45_000, 1, 1, entries=2_500_000).before_blocks is None
    assert choose(20_000, 300, 1, 1, method="newton", entries=80_000).method == "newton"


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ((569, 30, 1, 1), "Newton's method: whole Hessians cost little"),
        (
            (50_000, 768, 1, 10),
            "L-BFGS preconditioned by the Gram matrix of the features: one",
        ),
        ((60, 300, 1, 1), "An exact rotation to the space of the rows, and a fit there: 60 rows"),
    ],
)
def test_a_plan_is_printed_as_one_sentence(sizes, says):
    chosen = choose(*sizes)
    text = str(chosen)
    assert text.startswith(says)
    assert re.fullmatch(r"[^\n]+ \(estimated [0-9.]+ m?s a pass for each fit\)\.", text)
    assert repr(chosen).startswith(f"Plan(method={chosen.method!r}, ")


def test_all_methods_have_a_name_in_prose():
    source = Path(plan.__file__).read_text()
    documented = source.partition("    method: str\n")[2].partition("samples:")[0]
    assert set(METHODS) == set(re.findall(r'"([a-z-]+)"', documented.replace('"""', "")))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4.01e-4, "0.4 ms"), (0.0123, "12 ms"), (0.123, "123 ms"), (0.9999, "1 s"), (250.0, "250 s")],
)
def test_durations_have_two_digits_and_a_unit(seconds, text):
    assert duration(seconds) == text
