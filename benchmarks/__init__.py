"""The benchmark of logitron: seconds to equal suboptimality, and related questions.

``python -m benchmarks`` takes minutes, with ``--full`` it takes hours.

================  =================================================================================
folder            contents
================  =================================================================================
``questions``     the questions, each a command: ``python -m benchmarks.questions.NAME``
``contenders``    the solvers that are compared, and the devices on which they are measured
``data``          data sets and problems
``judge``         the reference optimum, the judge, the worker, the runner, the store of results
``report``        tables, pictures, and the numbers in README and documentation
``results``       the results that README and documentation show
================  =================================================================================

A question takes problems from ``data`` to ``contenders``. Each contender runs in a ``worker``, a
process on one device, which times its fits and judges them. The question stores the outcomes, and
``report`` shows them.
"""
