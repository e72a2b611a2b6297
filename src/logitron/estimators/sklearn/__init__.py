"""Everything that exists only for compatibility with scikit-learn.

============= ==================================================================================
module        contents
============= ==================================================================================
`bases`       scikit-learn's base classes, with declarations for mypy
`parameters`  solver names, deprecated parameters, and ``C``, ``Cs``, ``tol`` checked
`constraints` what values parameters can have
`routing`     parameters of ``fit`` and ``score`` to the splitter and the scorer
`callbacks`   the bridge from the solver's iterations to scikit-learn's callbacks
`legacy`      attributes of cross-validated fits as before scikit-learn 1.8
`pickled`     pickles written by other versions of logitron
============= ==================================================================================
"""
