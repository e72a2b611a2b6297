"""The questions that the benchmark answers, a file for each.

``python -m benchmarks.questions.NAME`` measures one of them, stores the results and prints them as
a table. ``--help`` lists its options, ``--dry`` stores nothing, and ``--show`` prints the stored
results.

=============  ====================================================================================
name           question
=============  ====================================================================================
``engine``     How long does an exact fit take, beside the solvers of other libraries?
``separable``  The same for few rows of many classes, separable classes and a large C?
``sparse``     The same for sparse features: words, names, categories?
``l1``         How long do fits of an L1 penalty take, beside skglm, celer, liblinear and saga?
``gpu``        How long does it take on a GPU, and what share of the GPU does it use?
``many``       How long do many fits over the same features take: sweeps, folds, labels, resamples?
``growth``     How does time grow with rows, features, classes and targets?
``overhead``   How long does a tiny fit take, whose time is spent on calls?
``inference``  How long do standard errors take, beside the fit and beside statsmodels?
``memory``     What is the peak memory of a fit, beyond its features?
``larger_than_memory``
               How fast is a fit of a file that is read in blocks, and how large is its peak?
``precision``  What are the errors of coefficients in narrower types?
``backends``   How long do the same fits take on every array library?
``hostile``    Which fits of problems that are hard for the arithmetic are right, honest or wrong?
``tables``     Are fits of real tables at the optimum, and are their reports true?
``original``   How much faster is logitron than the script of the tutorial?
``floor``      What is the least time of an exact fit on this machine?
``compare``    How much faster is one revision than another? Nothing is stored
``steps/``     How long does a single step take? By pytest-benchmark, nothing is stored
=============  ====================================================================================
"""
