"""Everything that exists only for compatibility with scikit-learn.

============= ==================================================================================
module        contents
============= ==================================================================================
`parameters`  solver names, deprecated parameters, and ``C``, ``Cs``, ``tol`` checked
`constraints` what values parameters can have
`callbacks`   scikit-learn's callbacks, where the installed version has them
`legacy`      attributes of cross-validated fits as before scikit-learn 1.8
`pickled`     pickles written by other versions of logitron
============= ==================================================================================
"""
