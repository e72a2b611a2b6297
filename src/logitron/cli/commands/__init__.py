"""The commands, one file each: arguments, and the steps in their order.

scikit-learn, NumPy and all that they bring are imported inside of the commands, so that ``--help``
and ``--version`` answer at once.
"""
