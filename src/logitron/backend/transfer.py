"""Moving arrays to a library and a device, from any other."""

from array_api_compat import to_device

from logitron.backend.dtypes import without_float64
from logitron.backend.host import to_host
from logitron.backend.libraries import Library, library_of
from logitron.backend.types import Array, Device

__all__ = ["move"]


def move(values: Array, library: Library, device: Device) -> Array:
    """Move an array of any library to a device; cast it only if the device lacks its dtype.

    Between libraries, an array is moved through DLPack if both support it, and otherwise through
    the host, by a counted read.

    Parameters
    ----------
    values : array of any library
    library : Library
        Library of the result.
    device : object
        Device of the result.

    Returns
    -------
    array
        Shares memory with ``values`` where possible.
    """
    source = library_of(values)
    if source is library and source.has_single_device:
        return values
    values = source.detach(values)
    if source.name == "numpy" != library.name:  # (only NumPy has other byte orders)
        values = values.astype(values.dtype.newbyteorder("="), copy=False)
    if not library.has_float64(device):
        # (before the transfer: the device cannot hold float64)
        values = without_float64(source.namespace(), values)
    if source.name == library.name:
        return values if source.parameter_device(values) == device else to_device(values, device)
    if source.supports_dlpack and library.supports_dlpack:
        taken = library.from_device(values, device)
        if taken is not None:
            return taken
    host = values if source.name == "numpy" else to_host(values)
    return library.from_numpy(host, device)
