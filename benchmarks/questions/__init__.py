"""The questions that the benchmark answers, a file for each.

``python -m benchmarks.questions.NAME`` measures one of them, stores the results and prints them as
a table; ``--help`` lists its options.

=============  ====================================================================================
name           question
=============  ====================================================================================
``gpu``        How long does an exact fit take on a GPU, and what share of the GPU does it use?
=============  ====================================================================================
"""
