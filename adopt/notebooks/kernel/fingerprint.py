"""Fingerprints of values: equal for equal values in every process, and quick for large frames."""

import functools
import hashlib
import io
import pickle
import random
import sys
import types
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from adopt.notebooks.kernel.columns import feed_frame, feed_index, feed_series, feed_table

DEEPEST = 12
"""Levels of containers and attributes that are looked into."""
MOST_ITEMS = 100_000
"""Items of a list, tuple or mapping that are looked at."""
MOST_OWNERS = 20_000
"""Objects of a value that are remembered to find aliases."""
PLAIN = (bool, int, float, complex, str, bytes, type(None))
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial)


class Fingerprint:
    """The digest of a value, and what it consists of.

    Args:
        value: Any object.

    Attributes:
        digest: 16 hexadecimal digits; equal for equal content. Figures have none of their content in it.
        owners: The identities of the objects and of the memory that it consists of: two values that have one in common
            are aliases. None where there are too many.
        is_opaque: Whether a part of it could not be looked into.
    """

    def __init__(self, value: object) -> None:
        self._hash = hashlib.blake2b(digest_size=8)
        self._seen: dict[int, object] = {}
        self._memory: set[int] = set()
        self.is_opaque = False
        try:
            self.feed(value, 0)
        except Exception as error:  # a class of the notebook can raise anything when it is looked into
            self.write_identity(value, type(error).__name__)
        self.digest: str = self._hash.hexdigest()
        self.owners = frozenset((*self._seen, *self._memory)) if len(self._seen) <= MOST_OWNERS else None

    def write(self, text: str) -> None:
        """Add a text."""
        self._hash.update(text.encode("utf-8", "surrogatepass"))

    def write_bytes(self, data: Any) -> None:
        """Add bytes, or anything that has the interface of a buffer."""
        self._hash.update(data)

    def write_identity(self, value: object, words: str = "") -> None:
        """Add an object that cannot be looked into: while it is the same one it counts as unchanged."""
        self.is_opaque = True
        self.write(f"?{id(value)}{words}")

    def feed(self, value: Any, depth: int) -> None:
        """Add a value and what is in it, down to `DEEPEST`; an object that is met again counts as such."""
        self.write(f"|{type(value).__qualname__}:")
        if type(value) in PLAIN:
            self.write(repr(value))
        elif id(value) in self._seen:
            self.write("seen")
        elif depth <= DEEPEST:
            self._seen[id(value)] = value  # kept, so that no other object gets its identity meanwhile
            next(feed for is_kind, feed in FEEDS if is_kind(value))(self, value, depth + 1)

    def feed_all(self, values: Iterable[Any], depth: int) -> None:
        """Add values in their order; those of plain types in one piece, which is quick."""
        listed = values if isinstance(values, list) else list(values)
        if set(map(type, listed)) <= set(PLAIN):
            self.write(repr(listed))
        else:
            for value in listed:
                self.feed(value, depth)

    def share(self, memory: object) -> None:
        """Note that the value consists of another object's memory."""
        self._memory.add(id(memory))


def _is_of(module: str, *names: str) -> Callable[[object], bool]:
    """A test for classes of a module that may not be loaded."""

    def is_kind(value: object) -> bool:
        loaded = sys.modules.get(module)
        kinds = tuple(kind for name in names if isinstance(kind := getattr(loaded, name, None), type)) if loaded else ()
        return isinstance(value, kinds)

    return is_kind


def _is_from(*packages: str) -> Callable[[object], bool]:
    """A test for objects whose class is defined in a package."""
    return lambda value: type(value).__module__.partition(".")[0] in packages


def _feed_function(to: Fingerprint, value: Any, depth: int) -> None:
    """Its name, and what it holds: bound arguments, defaults and closure."""
    if isinstance(value, functools.partial):
        to.feed_all([value.func, value.args, value.keywords], depth)
        return
    to.write(str(getattr(value, "__qualname__", "")))
    if isinstance(value, types.MethodType):
        to.feed(value.__self__, depth)
    elif isinstance(value, types.FunctionType):
        to.feed(value.__defaults__, depth)
        for cell in value.__closure__ or ():
            try:
                to.feed(cell.cell_contents, depth)
            except ValueError:  # the variable is not bound yet
                to.write("empty")


def _feed_class(to: Fingerprint, value: Any, depth: int) -> None:
    """Its name, and the attributes of a class of the notebook, which are set like variables."""
    to.write(value.__qualname__)
    if value.__module__ == "__main__":
        own = {name: attribute for name, attribute in vars(value).items() if not name.startswith("__")}
        to.feed({name: attribute for name, attribute in own.items() if not callable(attribute)}, depth)


def _feed_array(to: Fingerprint, value: Any, depth: int) -> None:
    to.write(f"{value.dtype}{value.shape}")
    owner = value
    while getattr(owner, "base", None) is not None:
        owner = owner.base
    to.share(owner)
    if value.dtype.hasobject:
        to.feed_all(value.ravel().tolist(), depth)
    else:
        contiguous = value if value.flags.c_contiguous else value.copy(order="C")
        to.write_bytes(
            contiguous.tobytes() if contiguous.ndim == 0 or not contiguous.size else contiguous.view("u1").data
        )
    if type(value).__name__ == "MaskedArray":
        to.feed(value.mask, depth)


def _feed_sparse(to: Fingerprint, value: Any, depth: int) -> None:
    to.write(f"{value.shape}")
    compressed = value if hasattr(value, "indptr") else value.tocsr()
    to.feed_all([compressed.data, compressed.indices, compressed.indptr], depth)


def _feed_tensor(to: Fingerprint, value: Any, depth: int) -> None:
    """A tensor of torch, TensorFlow or JAX, as an array."""
    to.feed((value.detach().cpu() if hasattr(value, "detach") else value).numpy(), depth)


def _feed_rng(to: Fingerprint, value: Any, depth: int) -> None:
    if isinstance(value, random.Random):
        to.write(repr(value.getstate()))
    elif hasattr(value, "bit_generator"):
        to.feed(value.bit_generator.state, depth)
    else:
        to.feed(value.get_state(legacy=False), depth)


def _feed_mapping(to: Fingerprint, value: Any, depth: int) -> None:
    to.write(str(len(value)))
    for key, item in islice(value.items(), MOST_ITEMS):
        to.feed(key, depth)
        to.feed(item, depth)
    if type(value) is not dict:
        _feed_attributes(to, value, depth)


def _feed_sequence(to: Fingerprint, value: Any, depth: int) -> None:
    to.feed_all([len(value), *islice(value, MOST_ITEMS)], depth)


def _feed_set(to: Fingerprint, value: Any, _: int) -> None:
    """Without its order, which depends on the hash seed."""
    to.write(repr(sorted(Fingerprint(item).digest for item in value)))


def _feed_generator(to: Fingerprint, value: Any, depth: int) -> None:
    frame = value.gi_frame
    to.write(f"{value.gi_code.co_name}{frame and frame.f_lasti}")
    if frame is not None:
        to.feed(dict(frame.f_locals), depth)


def _feed_file(to: Fingerprint, value: Any, depth: int) -> None:
    to.write(f"{getattr(value, 'name', '')}{value.closed}")
    if isinstance(value, io.BytesIO | io.StringIO) and not value.closed:
        to.feed(value.getvalue(), depth)
        to.write(str(value.tell()))
    elif not value.closed:
        to.write_identity(value)


def _feed_attributes(to: Fingerprint, value: Any, depth: int) -> None:
    """What an object holds: its attributes, in the order of their names."""
    state = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                state[name] = getattr(value, name)
    for name in sorted(state):
        to.write(name)
        to.feed(state[name], depth)


def _feed_other(to: Fingerprint, value: Any, depth: int) -> None:
    """By its attributes, or pickled, or at least by its identity."""
    if hasattr(value, "__dict__") or any(vars(kind).get("__slots__") for kind in type(value).__mro__):
        _feed_attributes(to, value, depth)
        return
    try:
        to.write_bytes(pickle.dumps(value, protocol=4))
    except Exception:  # a connection, a lock, …
        to.write_identity(value)


def _feed_name(to: Fingerprint, value: Any, _: int) -> None:
    to.write(str(getattr(value, "__name__", "")))


FEEDS: tuple[tuple[Callable[[object], bool], Callable[[Fingerprint, Any, int], None]], ...] = (
    (lambda value: isinstance(value, types.ModuleType), _feed_name),
    (lambda value: isinstance(value, type), _feed_class),
    (lambda value: isinstance(value, FUNCTIONS), _feed_function),
    (_is_of("numpy", "ndarray"), _feed_array),
    (_is_of("pandas", "DataFrame"), feed_frame),
    (_is_of("pandas", "Series"), feed_series),
    (_is_of("pandas", "Index"), feed_index),
    (_is_of("polars", "DataFrame", "Series"), feed_table),
    (_is_of("pyarrow", "Table", "ChunkedArray", "Array"), feed_table),
    (lambda value: hasattr(value, "toarray") and hasattr(value, "nnz"), _feed_sparse),
    (lambda value: hasattr(value, "dtype") and callable(getattr(value, "numpy", None)), _feed_tensor),
    (_is_of("numpy.random", "Generator", "RandomState"), _feed_rng),
    (lambda value: isinstance(value, random.Random), _feed_rng),
    (_is_from("matplotlib", "mpl_toolkits"), _feed_name),  # figures are compared by what they show
    (lambda value: isinstance(value, dict), _feed_mapping),
    (lambda value: isinstance(value, list | tuple), _feed_sequence),
    (lambda value: isinstance(value, set | frozenset), _feed_set),
    (lambda value: isinstance(value, types.GeneratorType), _feed_generator),
    (lambda value: isinstance(value, io.IOBase), _feed_file),
    (lambda _: True, _feed_other),
)
"""How a value is looked into: the first test that it passes decides."""
