"""Which method is the cheapest for a problem of given sizes, by the cost model."""

from dataclasses import KW_ONLY, dataclass
from math import sqrt

from logitron.automatic.cost_model import COSTS, Costs
from logitron.automatic.plan_text import METHODS, duration

__all__ = ["PLAIN_PASSES", "Plan", "choose"]

#: memory that whole Hessians may take, in numbers; and those of refreshed models
MOST_NUMBERS, MOST_REFRESHED = 1 << 27, 1 << 25
#: numbers in a Hessian that is asked for, at most; and copies of one that a step makes
MOST_WHOLE, COPIES = 1 << 28, 5
#: numbers in a row of the features, times the curvature of each neuron, that a block may have
MOST_IN_BLOCKS = 1 << 14
#: passes that the methods take as a rule: Newton's, with the shared model, with a diagonal one, and
#: with that where no direction of the features stands out
NEWTON_PASSES, SHARED_PASSES, PLAIN_PASSES, FLAT_PASSES = 10, 20, 60, 12
#: with a Gram matrix of k times as many rows as there are features, instead of all rows, so many
#: over k passes more are needed; k at least; and the part of its cost that is too much for the risk
NOISY_PASSES, FEWEST_TIMES, WORTH_IT = 60.0, 8.0, 0.75
#: rows of the first sample, for each parameter of a neuron: so many; no fewer than so many, and
#: than so many where a Gram matrix of some rows could be summed instead, which is good for hard
#: problems; and how many times as large the next one is
FIRST_SAMPLE, FEWEST_SAMPLED, FEWEST_INSTEAD, GROWTH = 60, 20, 40, 5
#: part of all rows that the first two samples may be, and that further ones may be, which save
#: less; and part of a pass over all rows that a sample's Hessian may cost
LARGEST_PART, FURTHER_PART, HESSIAN_PART = 1 / 12, 1 / 24, 0.25
#: passes that a target's refreshed Hessian must cost for line searches on kept logits to be better:
#: of a single target, and of several, which share the reading in a pass
REFRESH_IS_DEAR, REFRESHES_ARE_DEAR = 12.0, 40.0
#: features from which on only the leading part of their spectrum may be taken, and at most, as some
#: rows are copied
WIDE, WIDEST = 1000, 1 << 15
#: directions of that part, at least and at most, and rows for each, as all directions take memory
FEWEST_DIRECTIONS, MOST_DIRECTIONS, ROWS_EACH = 100, 200, 45
#: rows that they are found by: for each direction at least, and for each feature: of several
#: columns, and of one, whose passes cost less
ROWS_A_DIRECTION, ROWS_A_FEATURE, ROWS_OF_ONE = 8, 1.0, 0.5
#: passes that it takes, also for more targets than so many, where memory is left for few rows of
#: each; that the exact spectrum takes; and the part of the cost to be saved
SAMPLED_PASSES, TARGETS_PASSES, MANY_TARGETS, EXACT_PASSES, MUST_SAVE = 40, 50, 16, 25, 1 / 3
#: features in dense blocks of sparse ones, at most; passes that those take, as a rule; and
#: iterations by sparse products, at least
MOST_BLOCKED, DENSE_PASSES, FEWEST_BEFORE = 4096, 30, 30
#: a pass that takes no longer than so many calls has nothing to be saved
WORTH_SAMPLING = 1.5


@dataclass(frozen=True)
class Plan:
    """What was chosen, and why."""

    method: str
    """"newton", "shared", "sampled", "row-space", "diagonal" or "hessian-diagonal"."""
    samples: tuple[int, ...]
    """Rows of the growing samples that come first."""
    batch: int
    """Groups whose refreshed models fit the memory together; 0 is none."""
    costs: Costs
    reason: str
    _: KW_ONLY
    flat: bool = False
    """Whether no direction of the features stands out."""
    newton: bool = False
    """Whether the rotated problem, of "row-space", is solved by Newton's method."""
    gram_rows: int | None = None
    """Rows whose Gram matrix stands for that of all, of "shared"; None is all of them."""
    spectrum_rank: int = 0
    """Directions of the features that are modelled one by one, of "sampled";"""
    spectrum_rows: int = 0
    """and rows that these are found by."""
    before_blocks: int | None = None
    """Iterations by sparse products before dense blocks are used instead; None is no limit."""
    on_logits: bool = False
    """Whether separable and slow problems may go on with line searches on kept logits."""
    fallback: "Plan | None" = None
    """The dearer plan of a hard problem: as hard as those are that take more than `PLAIN_PASSES`
    with a diagonal model."""

    def __str__(self) -> str:
        """Say in one sentence what was chosen, why, and how long a pass is estimated to take."""
        return (
            f"{METHODS.get(self.method, self.method)}: {self.reason} (estimated "
            f"{duration(self.costs.one_pass)} a pass for each fit)."
        )

    def on_diagonal(self, reason: str) -> "Plan":
        """Return the plan of the same costs that models the Hessian by its diagonal."""
        return Plan("hessian-diagonal", (), 0, self.costs, reason)


def choose(
    n: int,
    p: int,
    groups: int,
    classes: int,
    *,
    method: str | None = None,
    flat: bool = False,
    lazy: bool = False,
    draws: bool = True,
    in_memory: bool = True,
    bounded: bool = True,
    weighed: bool = False,
    keeps_logits: bool = True,
    entries: int | None = None,
) -> Plan:
    """Choose the method for ``n`` rows, ``p`` features, and ``groups`` of ``classes`` columns.

    Parameters
    ----------
    n, p, groups, classes : int
    method : {"newton", "lbfgs"}, optional
        What is asked for, if not the cheapest.
    flat : bool, default False
        Whether no direction of the features stands out.
    lazy : bool, default False
        Whether the rows are in chunks elsewhere.
    draws : bool, default True
        Whether samples of the rows can be taken.
    in_memory : bool, default True
        Whether columns of the features can be taken.
    bounded : bool, default True
        Whether there is a penalty. Without one, a direction that no drawn row has would be lost.
    weighed : bool, default False
        Whether features have factors of their own in the penalty. Their space cannot be rotated
        then, and one diagonal does not fit them.
    keeps_logits : bool, default True
        Whether line searches on kept logits are possible, see `automatic.row_models.keeps_logits`.
    entries : int, optional
        Entries that are stored of sparse features, of which products cost less than blocks.
    """
    q = p + 1
    costs = COSTS.of(n, p, groups, classes)
    size = classes * q
    batch = MOST_REFRESHED // (classes * q**2)
    samples: tuple[int, ...] = ()
    rotates = method is None and in_memory and not (lazy or weighed)
    gram_rows, gram = None, costs.gram
    if bounded and draws and not weighed:
        gram_rows, gram = _gram(n, p, groups * costs.one_pass)
    if entries is not None and method != "newton":
        reason = "products of sparse features cost less than blocks of them"
        first = _before_blocks(n, p, classes, entries)
        return Plan("hessian-diagonal", (), 0, costs, reason, before_blocks=first)
    if method == "newton":
        _check_memory(classes, q)
        chosen, reason = "newton", "solver='newton'"
    elif weighed and p * p <= MOST_NUMBERS and p > n:
        chosen, reason = "shared", "features of unequal penalties cannot be rotated"
    elif p * p > MOST_NUMBERS or p > n:
        passes = FLAT_PASSES if flat else PLAIN_PASSES
        chosen, reason = _wide(n, p, passes * groups * costs.one_pass, rotates=rotates)
    elif method == "lbfgs":
        chosen, reason = "shared", "solver='lbfgs'"
    else:
        if draws and groups * classes == 1:
            fewest = FEWEST_SAMPLED if gram_rows is None else FEWEST_INSTEAD
            samples = _samples(n, q, costs.one_pass, fewest)
        shared = gram + SHARED_PASSES * groups * costs.one_pass
        whole_fits = _whole(size) >= groups
        chosen, reason = _newton_or_shared(costs, groups, shared, samples, whole_fits=whole_fits)
    rank, drawn = 0, 0
    if bounded and keeps_logits and not (weighed or samples or chosen == "newton"):
        rank, drawn = _spectrum(n, p, chosen, gram, groups, classes)
    if rank:
        chosen, reason = "sampled", f"a spectrum of {p} features costs more than its leading part"
    inner_newton = False
    fallback = _in_rows(n, p, groups, classes) if rotates and chosen == "diagonal" else None
    if chosen == "row-space":  # as many features as rows are left
        batch, inner_newton = _in_row_space(n, groups, classes)
        costs = COSTS.of(n, n, groups, classes)
    if chosen != "shared":
        gram_rows = None
    # class blocks are no good model of a softmax: there, cheap ones are no reason against logits
    dear = REFRESH_IS_DEAR if groups == 1 else REFRESHES_ARE_DEAR
    on_logits = classes > 1 or costs.refresh > dear * costs.one_pass
    return Plan(
        chosen,
        samples,
        batch,
        costs,
        reason,
        flat=flat,
        newton=inner_newton,
        gram_rows=gram_rows,
        spectrum_rank=rank,
        spectrum_rows=drawn,
        on_logits=on_logits,
        fallback=fallback,
    )


def _in_rows(n: int, p: int, groups: int, classes: int) -> Plan | None:
    """Plan a problem that turned out to be hard in the space of its rows, if these are few."""
    if not (n < p and n * n <= MOST_NUMBERS):
        return None
    batch, newton = _in_row_space(n, groups, classes)
    costs, reason = COSTS.of(n, n, groups, classes), f"a diagonal model of {n} rows was slow"
    return Plan("row-space", (), batch, costs, reason, newton=newton, on_logits=classes > 1)


def _before_blocks(n: int, p: int, classes: int, entries: int) -> int | None:
    """Count the iterations by sparse products that cost as much as a fit in dense blocks.

    None where dense blocks would be too large.
    """
    if p > MOST_BLOCKED or n * p > MOST_WHOLE:
        return None
    dense = COSTS.gram(n, p) + DENSE_PASSES * COSTS.dense_pass(n, p, classes)
    return max(FEWEST_BEFORE, int(dense / COSTS.sparse_pass(n, entries, classes)))


def _newton_or_shared(
    costs: Costs, groups: int, shared: float, samples: tuple[int, ...], *, whole_fits: bool
) -> tuple[str, str]:
    """Choose for more rows than features; ``shared`` is what the shared model costs."""
    newton = NEWTON_PASSES * groups * (costs.one_pass + costs.hessian)
    if samples:
        return "newton", "far more rows than features: samples come first"
    if newton <= shared and whole_fits:
        return "newton", "whole Hessians cost little"
    return "shared", "one Gram matrix serves every column"


def _check_memory(classes: int, q: int) -> None:
    """Refuse a Hessian that is asked for and would not fit the memory."""
    size = classes * q
    if size * size > MOST_WHOLE:
        raise ValueError(
            f"solver='newton' sums a Hessian of {classes} x {q} parameters, which takes about "
            f"{COPIES * 8 * size * size / 1e9:.0f} GB of memory; use solver='auto' or 'lbfgs'"
        )


def _gram(n: int, p: int, one_pass: float) -> tuple[int | None, float]:
    """Choose of how many rows to sum the Gram matrix, None for all; and estimate what it costs.

    Of fewer rows it is noisier, and costs passes: it is a model, and where there is a penalty,
    answers do not depend on it.
    """
    each = COSTS.products(p + 1, p)  # of as many rows as parameters
    times = max(FEWEST_TIMES, sqrt(NOISY_PASSES * one_pass / each))
    count = int(times * (p + 1))
    whole, part = n / (p + 1) * each, times * each + NOISY_PASSES / times * one_pass
    if 2 * count > n or part > WORTH_IT * whole:
        return None, whole + COSTS.eigen * p**3
    return count, part + COSTS.eigen * p**3


def _spectrum(
    n: int, p: int, instead: str, gram: float, groups: int, classes: int
) -> tuple[int, int]:
    """Choose how many directions of the features to find, and by how many rows; 0 are none.

    ``instead`` is the method that would be chosen, ``gram`` the cost of an exact spectrum.
    """
    rank = max(FEWEST_DIRECTIONS, min(MOST_DIRECTIONS, n // ROWS_EACH))
    rank = min(rank, n // 3, p // 4)
    if not WIDE <= p <= WIDEST or 2 * rank < FEWEST_DIRECTIONS:
        return 0, 0
    each = ROWS_OF_ONE if groups * classes == 1 else ROWS_A_FEATURE
    rows = min(n, max(int(each * p), ROWS_A_DIRECTION * rank))
    one_pass = groups * COSTS.of(n, p, groups, classes).one_pass
    products = 2.0 * rows * p * (COSTS.read + 2.0 * COSTS.square * rank) + COSTS.eigen * rank**3
    many = classes == 1 and groups > MANY_TARGETS
    sampled = products + (TARGETS_PASSES if many else SAMPLED_PASSES) * one_pass
    if instead == "shared":
        exact = gram + EXACT_PASSES * one_pass
    elif instead == "row-space":
        rotated = groups * COSTS.of(n, n, groups, classes).one_pass
        exact = n * n * p * COSTS.square + COSTS.eigen * n**3 + EXACT_PASSES * rotated
    else:  # a diagonal model
        return rank, rows
    return (rank, rows) if sampled < (1.0 - MUST_SAVE) * exact else (0, 0)


def _in_row_space(n: int, groups: int, classes: int) -> tuple[int, bool]:
    """Choose the batch for as many features as rows, and whether to use Newton's method."""
    costs = COSTS.of(n, n, groups, classes)
    newton = NEWTON_PASSES * (costs.one_pass + costs.hessian)
    cheap = newton <= SHARED_PASSES * costs.one_pass and _whole(classes * (n + 1)) >= groups
    return MOST_REFRESHED // (classes * (n + 1) ** 2), cheap


def _whole(size: int) -> int:
    """Count the groups whose whole Hessians, of this size, fit the memory together."""
    return min(MOST_NUMBERS // size**2, max(1, MOST_IN_BLOCKS // size))


def _wide(n: int, p: int, plain: float, *, rotates: bool) -> tuple[str, str]:
    """Choose for more features than rows, or than their products could be stored of.

    ``plain`` is what it costs to take them as they are.
    """
    if rotates and n < p and n * n <= MOST_NUMBERS:
        rotation = n * n * p * COSTS.square + COSTS.eigen * n**3
        if rotation < plain:
            return "row-space", f"{n} rows span {n} of {p} dimensions"
        return "diagonal", "a rotation would cost more than it saves"
    return "diagonal", f"products of {p} features are not worth their cost"


def _samples(n: int, q: int, one_pass: float, fewest: int) -> tuple[int, ...]:
    """Choose the rows of growing samples, no fewer than ``fewest`` for each of ``q`` parameters.

    A sample's Hessian is summed about three times, and has a pass or two to save.
    """
    affordable = HESSIAN_PART * one_pass / COSTS.hessian_row(q)
    most, counts = int(min(LARGEST_PART * n, affordable)), []
    count = min(FIRST_SAMPLE * q, most)
    if count < fewest * q or one_pass < WORTH_SAMPLING * COSTS.call:
        return ()
    while count <= most:
        counts.append(count)
        count *= GROWTH
        if len(counts) == 2:
            most = min(most, int(FURTHER_PART * n))
    return tuple(counts)
