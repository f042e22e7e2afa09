"""Pickles of NumPy arrays, read as data."""

import io
import pickle

import numpy as np

from scoreladder.errors import JobFailed

# what the pickle of an array names; the first is not public, and any array tells of it
RECONSTRUCT = np.empty(0).__reduce__()[0]
ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}
# what a file that is cut off or made up can raise
TROUBLE = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no array needs")
        return ALLOWED[module, name]


def read(data: bytes, title: str) -> object:
    """The containers and arrays of a pickle that holds nothing else.

    Raises JobFailed, naming `title`, where it names anything that an array does not need, which is
    never looked up, or is cut off.
    """
    try:
        return _Arrays(io.BytesIO(data)).load()
    except TROUBLE as error:
        raise JobFailed(f"{title}: not a pickle of arrays: {error}") from error
