"""Solvers of smooth functions of many groups of columns; they never learn what a neuron is."""

from logitron.solvers.gradient_descent import GradientDescent
from logitron.solvers.status import Iteration, Solution, Status

__all__ = ["GradientDescent", "Iteration", "Solution", "Status"]
