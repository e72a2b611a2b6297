"""Fits that are interrupted and gone on with, bit for bit: `Checkpoint` and its file.

======================= ========================================================================
module                  contents
======================= ========================================================================
``checkpoint``          `Checkpoint`: the callback, and when it saves
``fit_journal``         entries of the parts of one fit, in memory and in the file
``checkpoint_file``     the file: a versioned header in JSON, and tensors; checked when it is read
``fingerprint``         what must be the same for a fit to go on: data, parameters, versions
``packing``             states and outcomes as JSON values and tensors, and back
``packed_types``        the classes that they are made of
======================= ========================================================================
"""

from logitron.checkpoints.checkpoint import Checkpoint
from logitron.solvers import CheckpointError

__all__ = ["Checkpoint", "CheckpointError"]
