"""Models of the Hessian whose inverse multiplies gradients: what makes a quasi-Newton step good.

=================================== ================================================================
module                              model of a group's Hessian
=================================== ================================================================
`preconditioners.kronecker`         curvature of the logits (x) covariance of the features
`preconditioners.cholesky`          the same for one column, without a spectrum
`preconditioners.subspace`          their correction on the span of the coefficients
`preconditioners.block_diagonal`    the blocks of each class with itself
`preconditioners.spectrum_and_rows` the features' shared spectrum, and the rows of most curvature
`preconditioners.sampled_spectrum`  the same, with the leading part of the spectrum
`preconditioners.curved_hessian`    the Hessian of one column, by the rows of most curvature
`preconditioners.diagonal`          a power of the Hessian's diagonal, for sparse features
`preconditioners.dense`             the whole Hessian, to be solved with once or many times
`preconditioners.eigenbasis`        eigenbases of the features' products
`preconditioners.base`              what they have in common
=================================== ================================================================

They are made of arrays, by functions of arrays, and know neither losses nor data. With a penalty,
no answer depends on which one a solver uses.
"""

from logitron.preconditioners.base import Preconditioner, choose, take
from logitron.preconditioners.block_diagonal import BlockDiagonal, block_diagonal
from logitron.preconditioners.cholesky import CholeskyModel, flat_model
from logitron.preconditioners.curved_hessian import CurvedHessian, curved_hessian
from logitron.preconditioners.dense import DenseHessian, DenseInverse, dense_hessian
from logitron.preconditioners.diagonal import Diagonal, diagonal
from logitron.preconditioners.eigenbasis import eigenbasis, mean_products, weighed_eigenbasis
from logitron.preconditioners.kronecker import Kronecker, kronecker, without_curvature
from logitron.preconditioners.sampled_spectrum import (
    SampledSpectrum,
    SampledSpectrumAndRows,
    sampled_spectrum_and_rows,
)
from logitron.preconditioners.spectrum_and_rows import SpectrumAndRows, spectrum_and_rows
from logitron.preconditioners.subspace import SharedModel, corrected, projection

__all__ = [
    "BlockDiagonal",
    "CholeskyModel",
    "CurvedHessian",
    "DenseHessian",
    "DenseInverse",
    "Diagonal",
    "Kronecker",
    "Preconditioner",
    "SampledSpectrum",
    "SampledSpectrumAndRows",
    "SharedModel",
    "SpectrumAndRows",
    "block_diagonal",
    "choose",
    "corrected",
    "curved_hessian",
    "dense_hessian",
    "diagonal",
    "eigenbasis",
    "flat_model",
    "kronecker",
    "mean_products",
    "projection",
    "sampled_spectrum_and_rows",
    "spectrum_and_rows",
    "take",
    "weighed_eigenbasis",
    "without_curvature",
]
