"""The measurement of a contender, and the judgement of its answer.

=======================  ==========================================================================
file                     contents
=======================  ==========================================================================
``objective``            the objective of every fit, in NumPy and float64
``elastic_net``          the same with an L1 part, and a proven bound of its gap
``device_objective``     that of `objective` in PyTorch, on a device
``gap``                  the distance of an answer from the optimum, and a bound of it
``newton``               Newton steps for the reference optimum
``reference``            the reference optimum of a problem, kept on disk
``device_reference``     lower bounds of the optima of a problem on a device
``wide``                 the optimum of a small problem of any scale, in long double
``wide_newton``          its parts
``separation``           whether classes can be separated
``threads``              the sizes of the thread pools
``timing``               the seconds of a call
``devices``              the wait for a device, its memory, and its description
``rates``                the rates of the machine, and the least time of a fit
``device_rates``         the rates of a device, and the share of them that a fit uses
``machine``              a description of the machine
``ladder``               the tolerances of a contender, and where they end
``cpu_time``             a ladder in CPU seconds, in a fork that is ended at its limit
``job``                  the input of a worker
``task``                 the data and the judges of a job
``worker``               the process in which one contender runs
``process``              a worker, seen from the process that started it
``outcome``              the measurements of one contender on one problem
``runner``               all contenders on one problem, by turns
``store``                the files of results
=======================  ==========================================================================

The judges share no code with logitron or any other contender. A device is an argument of a worker,
"cpu" or "cuda": the same process, ladder and judgement serve both.
"""

from benchmarks.judge.gap import gap
from benchmarks.judge.objective import Objective

__all__ = ["Objective", "gap"]
