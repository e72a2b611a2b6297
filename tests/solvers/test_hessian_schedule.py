"""Which part of the Hessian is summed, and when."""

import pytest

from logitron.solvers import EveryIteration, WhenSlow

SLOW, FAST = (1e6, 9e5, 8e5, 7e5), (1e6, 1e4, 1e2, 2.0)


def state_of(schedule, ratios, since_refresh=10):
    return schedule.start()._replace(ratios=ratios, since_refresh=since_refresh)


def schedule(**settings):
    return WhenSlow(1.0, 5.0, **{"subspace": True, "batch": 4, **settings})


def test_newton_sums_the_hessian_in_every_iteration():
    every = EveryIteration()
    for iteration in (0, 1, 5):
        assert every.next(every.start(), iteration, 1)[0] == "full"
    assert every.start().memory == 0


@pytest.mark.parametrize(
    ("ratios", "request_"),
    [
        ((1e8, 1e8), "full"),
        ((1e6, 1e5), "full"),  # (a hundred times nearer would be 1e3)
        ((1e5, 1e3), "intercept"),  # 1e4 times nearer
        ((1e2, 0.5), "intercept"),
        ((0.0, 1.0), "full"),
        ((1e5,), "full"),
    ],
)
def test_newton_needs_no_hessian_after_its_last_step(ratios, request_):
    every = EveryIteration()
    state = state_of(every, ratios)._replace(since_refresh=0)
    assert every.next(state, 7, 1)[0] == request_


def test_newton_makes_two_steps_at_most_with_a_hessian():
    every = EveryIteration()
    ending = state_of(every, (1e2, 0.5))
    for since, request_ in ((0, "intercept"), (1, "intercept"), (2, "full"), (3, "full")):
        assert every.next(ending._replace(since_refresh=since), 7, 1)[0] == request_


@pytest.mark.parametrize(("classes", "request_"), [(1, "full"), (3, "block_diagonal")])
def test_refreshes_when_progress_is_slow(classes, request_):
    slow = schedule(classes=classes)
    assert slow.next(state_of(slow, FAST), 7, 1)[0] == "intercept"
    found, after = slow.next(state_of(slow, SLOW), 7, 1)
    assert found == request_
    assert after.n_refreshes == 1
    assert not after.subspace


def test_too_many_slow_groups_are_deferred():
    slow = schedule()
    found, after = slow.next(state_of(slow, SLOW), 7, 5)
    assert found == "intercept"
    assert after.deferred
    assert not slow.next(state_of(slow, SLOW), 7, 4)[1].deferred


def test_a_refresh_waits_until_iterations_have_cost_as_much():
    slow = schedule()
    for since in (0, 1, 2):
        assert slow.next(state_of(slow, SLOW, since), 7, 1)[0] == "intercept"
    dear = WhenSlow(1.0, 1e3, subspace=False, batch=4)
    assert dear.next(state_of(dear, SLOW), 7, 1)[0] == "intercept"


def test_newton_takes_over_when_refreshes_do_not_help():
    slow = schedule()
    state = state_of(slow, SLOW)
    for count in range(1, 4):
        found, state = slow.next(state, 7, 1)
        assert found == "full"
        assert state.newton == (count == 3)
    assert state.memory == 0
    assert slow.next(state_of(slow, SLOW)._replace(newton=True), 8, 1)[0] == "full"
    ending = state_of(slow, FAST)._replace(newton=True, since_refresh=0)
    assert slow.next(ending, 8, 1)[0] == "intercept"


def test_the_subspace_is_corrected_at_powers_of_two():
    slow = schedule(batch=0)
    found = [n for n in range(1, 70) if slow.next(slow.start(), n, 1)[0] == "subspace"]
    assert found == [2, 4, 8, 16, 32, 64]
    rescaled = schedule(batch=0, rescales=True)
    assert all(rescaled.next(rescaled.start(), n, 1)[0] == "intercept" for n in range(70))


def test_a_schedule_can_begin_with_a_hessian():
    assert schedule().next(schedule().start(), 0, 1)[0] == "intercept"
    first = schedule(refresh_first=True)
    assert first.next(first.start(), 0, 1)[0] == "full"
