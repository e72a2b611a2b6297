"""A checksum over the header and the tensors of a model file."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from logitron.backend.types import HostArray

__all__ = ["checksum"]


def checksum(content: Mapping[str, Any], tensors: Mapping[str, HostArray]) -> str:
    """Compute the SHA-256 of a header's content, and of names, dtypes, shapes and bytes of tensors.

    It detects damage. It is no signature: whoever writes a file can compute it.

    Parameters
    ----------
    content : mapping
        JSON values, without the checksum itself.
    tensors : mapping of str to numpy.ndarray

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype.name} {tensor.shape}\n".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()
