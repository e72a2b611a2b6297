"""How fast is exact? ``python -m benchmarks`` answers in minutes, ``--full`` in hours.

================  =================================================================================
questions         each has a command, ``python -m benchmarks.NAME``, and a file of results
================  =================================================================================
``engine``        seconds to equal suboptimality, every contender on every problem
``many``          many fits over one X: sweeps, folds, labels, resamples
``growth``        how time grows with rows, features, classes and targets
``overhead``      tiny problems, where calls count and not numbers
``memory``        the peak of a fit beyond its features
``precision``     errors of coefficients, by how features are stored and computed with
``backends``      the same fits on every array library
``original``      the tutorial's script and its rewriting
``compare``       two revisions, by turns; keeps nothing
``micro/``        single steps, by pytest-benchmark; keeps nothing
================  =================================================================================

What is fitted is in ``problems``, made of ``data`` and ``real``; by whom, in ``contenders/``, a
file for each. ``judge`` has the one objective, ``reference`` and ``newton`` its optimum, ``wide``
both in long double, ``floor`` what the machine allows. ``runner`` takes problems to contenders,
each a ``worker`` process; ``threads`` sizes their pools. ``store`` keeps results; ``table`` prints
them, ``markdown``, ``report`` and ``figures`` bring them to README and documentation.
"""
