"""Pages whose examples need a library that is not installed are not tested."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("dask") else ["text.rst"]
