"""What older notebooks use and today's libraries no longer have: since which version, and what to use instead."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from adopt.notebooks.removed_tables import DROP, FREQUENCIES, KEYWORDS, METHODS, NAMES, VALUES

LIBRARIES = {
    "pandas": "pandas",
    "numpy": "NumPy",
    "sklearn": "scikit-learn",
    "matplotlib": "Matplotlib",
    "scipy": "SciPy",
    "IPython": "IPython",
}
"""Import name -> how the library is written."""
DISTRIBUTIONS = {"sklearn": "scikit-learn"}


@dataclass(frozen=True)
class Removed:
    """Something that a library no longer has."""

    what: str
    """As code, such as `error_bad_lines` of `read_csv`."""
    library: str
    """Its import name."""
    since: str
    """The first version without it; empty: not known."""
    instead: str = ""
    """What to use, as code or a few words."""

    @property
    def message(self) -> str:
        """The cause in one sentence, without its end."""
        name = LIBRARIES.get(self.library, self.library)
        since = f"was removed in {name} {self.since}" if self.since else f"no longer exists in {name}"
        try:
            installed = f"; {version(DISTRIBUTIONS.get(self.library, self.library))} is installed"
        except PackageNotFoundError:
            installed = ""
        return f"{self.what} {since}{installed}"

    @property
    def next_step(self) -> str:
        """What to change."""
        if self.instead.startswith(DROP):
            why = self.instead.removeprefix(DROP)
            return f"Leave it out: {why}." if why else "Leave it out."
        return f"Use {self.instead}." if self.instead else "Change the cell to today's interface."


OF_PANDAS = re.compile(r"DataFrame|Series|\w*Index|\w*GroupBy|\w*Resampler|NDFrame")
"""Classes of pandas, as messages name them."""
BY_POSITION = ("concat", "read_csv", "read_table", "read_excel", "merge", "pivot", "pivot_table")
"""Functions of pandas that once took more arguments by position."""


def find_removed(message: str, own: Collection[str] = ()) -> Removed | None:
    """What an exception says is missing, where that was there in an older version.

    Args:
        message: the text of the exception.
        own: the functions and classes that the notebook defines itself.
    """
    for pattern, read in _READERS:
        match = re.search(pattern, message)
        if match is None or any(str(part).split(".")[0] in own for part in match.groups()):
            continue
        if (found := read(match)) is not None:
            return found
    return None


def find_removed_name(dotted: str) -> Removed | None:
    """What a module or a name of a module was, by its dotted name."""
    parts = dotted.split(".")
    for end in range(len(parts), 1, -1):
        if (change := NAMES.get(".".join(parts[:end]))) is not None:
            return Removed(f"`{_shorten('.'.join(parts[:end]))}`", parts[0], *change)
    return None


def _shorten(dotted: str) -> str:
    for long, short in (("numpy.", "np."), ("pandas.", "pd."), ("matplotlib.pyplot.", "plt.")):
        if dotted.startswith(long) and dotted.count(".") == long.count("."):
            return short + dotted.removeprefix(long)
    return dotted


def _read_numpy(match: re.Match[str]) -> Removed:
    return Removed(f"`np.{match[1]}`", "numpy", match[2], match[3])


def _read_method(match: re.Match[str]) -> Removed | None:
    library, since, instead = METHODS.get(match[2], ("", "", ""))
    if not library or (library == "pandas" and not OF_PANDAS.fullmatch(match[1])):
        return None
    return Removed(f"`{match[1]}.{match[2]}`", library, since, instead)


def _read_keyword(match: re.Match[str]) -> Removed | None:
    function, keyword = match["function"] or "", match["keyword"]
    owner, _, name = function.rpartition(".")
    name = owner.rpartition(".")[2] if name == "__init__" else name
    library, expected, since, instead = KEYWORDS.get(keyword, ("", "", "", ""))
    if not library or (expected and name and name != expected):
        return None
    of = expected or ("" if name == "set" else name)
    return Removed(f"`{keyword}`" + (f" of `{of}`" if of else ""), library, since, instead)


def _read_value(match: re.Match[str]) -> Removed | None:
    change = VALUES.get((match[1], match[3]))
    return change and Removed(f'`{match[1]}="{match[3]}"` of `{match[2]}`', "sklearn", *change)


def _read_position(match: re.Match[str]) -> Removed | None:
    library = "sklearn" if match[1].endswith(".__init__") else "pandas"
    if library == "pandas" and match[1] not in BY_POSITION and not OF_PANDAS.fullmatch(match[1].split(".")[0]):
        return None
    name = match[1].removesuffix(".__init__")
    instead = f"`{name}(…, keyword=value)`"
    return Removed(f"`{name}` with arguments by position", library, "1.0" if library == "sklearn" else "2.0", instead)


def _read_style(match: re.Match[str]) -> Removed:
    now = match[1].replace("seaborn", "seaborn-v0_8", 1)
    return Removed(f'the style `"{match[1]}"`', "matplotlib", "3.8", f'`"{now}"`')


def _read_frequency(match: re.Match[str]) -> Removed | None:
    count = match[1].rstrip("ABHLMQSTY")
    now = FREQUENCIES.get(match[1].removeprefix(count))
    return None if now is None else Removed(f'the frequency `"{match[1]}"`', "pandas", "3.0", f'`"{count}{now}"`')


_NUMBERS_ONLY = Removed("leaving text columns out of sums and means", "pandas", "2.0", "`numeric_only=True`")


def _read_curve(match: re.Match[str]) -> Removed:
    return Removed(f"`{match[2]}` of `{match[1]}`", "sklearn", "1.9", f'`curve_kwargs={{"{match[2]}": …}}`')


_BY_POSITION = Removed("a call with arguments by position", "sklearn", "1.0", "`name=value` for all but the first ones")
"""Functions of scikit-learn say only that there are too many."""

_READERS: tuple[tuple[str, Callable[[re.Match[str]], Removed | None]], ...] = (
    (r"`np\.(\w+)` was removed in the NumPy (\S+) release\. Use (`[^`]+`)", _read_numpy),
    (r"`(\w+)` has been removed from scikit-learn since", lambda m: find_removed_name(f"sklearn.datasets.{m[1]}")),
    (r"module '([\w.]+)' has no attribute '(\w+)'", lambda m: find_removed_name(f"{m[1]}.{m[2]}")),
    (r"cannot import name '(\w+)' from '([\w.]+)'", lambda m: find_removed_name(f"{m[2]}.{m[1]}")),
    (r"No module named '([\w.]+)'", lambda m: find_removed_name(m[1])),
    (r"'(\w+)' object has no attribute '(\w+)'", _read_method),
    (r"type object '(\w+)' has no attribute '(\w+)'", _read_method),
    (r"(?:(?P<function>[\w.]+)\(\) )?got an unexpected keyword argument '(?P<keyword>\w+)'", _read_keyword),
    (r"keyword grid_(b) is not recognized", lambda _: Removed("`b` of `grid`", "matplotlib", "", "`visible`")),
    (r"Cannot perform reduction '\w+' with string dtype", lambda _: _NUMBERS_ONLY),
    (r"dtype '(?:str|object)' does not support operation", lambda _: _NUMBERS_ONLY),
    (r"agg function failed \[how->\w+,dtype->(?:str|object)\]", lambda _: _NUMBERS_ONLY),
    (r"(?s)The '(\w+)' parameter of (\w+) must be .* Got '(\w+)' instead", _read_value),
    (r"(RocCurveDisplay\.from_\w+)\(\) got an unexpected keyword argument '(\w+)'", _read_curve),
    (r"^too many positional arguments$", lambda _: _BY_POSITION),
    (r"([\w.]+)\(\) takes .*positional arguments? but \d+ were given", _read_position),
    (r"'(seaborn[\w-]*)' is not a valid package style", _read_style),
    (r"Invalid frequency: (\w+)", _read_frequency),
)
