"""Callbacks are called in order, with the iterations that the caller of a fit knows."""

from dataclasses import replace

import numpy as np

from logitron.estimators.iteration_callbacks import chain_callbacks, scale_loss
from logitron.solvers import Iteration, map_iterations

ITERATION = Iteration(3, np.asarray([2.0]), 1, lambda: None)


class TestChainCallbacks:
    def test_both_are_called_and_either_stops(self):
        seen = []
        for stops in ((False, False), (True, False), (False, True)):
            first, second = (lambda i, stop=stop: seen.append(i) or stop for stop in stops)
            assert chain_callbacks(first, second)(ITERATION) is any(stops)
        assert seen == [ITERATION] * 6

    def test_none_is_left_out(self):
        assert chain_callbacks(None, None) is None
        assert chain_callbacks(print, None) is print
        assert chain_callbacks(None, print) is print


def test_map_iterations_changes_what_the_callback_receives():
    seen = []
    mapped = map_iterations(seen.append, lambda i: replace(i, number=i.number + 1))
    assert mapped(ITERATION) is None
    assert seen[0].number == 4
    assert map_iterations(None, print) is None


def test_scale_loss_multiplies_losses():
    seen = []
    scale_loss(seen.append, 4.0)(ITERATION)
    assert seen[0].loss == 8.0
    assert scale_loss(None, 4.0) is None
    assert scale_loss(print, 1.0) is print
