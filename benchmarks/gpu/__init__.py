"""On a GPU: ``python -m benchmarks.gpu`` on a machine that has one.

================  =================================================================================
``problems``      what is fitted, made on the device from a seed
``judge``         the benchmark's objective, in float64 on the device
``contenders``    by whom: logitron on three libraries, scikit-learn on two and on the processor's
                  cores, L-BFGS of torch and of optax
``rates``         what the device can do: bytes and products a second
``worker``        the process in which one contender runs
================  =================================================================================

``--device cpu --scale 0.001`` shows without a GPU that everything runs; its numbers mean nothing.
"""
