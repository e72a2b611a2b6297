"""Results as tables, pictures and text.

================  =================================================================================
file              contents
================  =================================================================================
``table``         tables of the terminal, of exact fits and of many fits
``device_table``  tables of the terminal, of fits on a device
``exact_fits``    the text about exact fits, in Markdown
``regime_fits``   exact fits of one regime, in both forms
``l1_fits``       fits of an L1 penalty, in both forms
``machines``      the machines of results, in a sentence
``markdown``      the text about every other question, in Markdown
``rst``           Markdown turned into reStructuredText
``blocks``        the blocks of README and documentation that hold numbers
``figures``       pictures
================  =================================================================================

``python -m benchmarks.report --write`` writes the numbers, and ``python -m
benchmarks.report.figures`` draws the pictures.
"""

from benchmarks.report.blocks import BLOCKS, rendered

__all__ = ["BLOCKS", "rendered"]
