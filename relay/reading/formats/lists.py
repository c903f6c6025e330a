"""Where the lists of records are in a JSON file, for the message that the recipe names none."""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice

import ijson

from relay.reading.formats.json_text import parse
from relay.reading.rawfile import RawFile

KEYS_SHOWN = 20
MOST_EVENTS = 3_000_000
"""A message may take seconds to make, and a file may be endless."""

LONGEST_LINE = 1 << 20

Event = tuple[str, str, object]
Events = Iterable[Event]


def describe(file: RawFile, records: str) -> str:
    """What stands in a JSON file that has no record at the path `records`, and the path that has some."""
    first = next(_parse(file))[1]
    if first not in ("start_map", "start_array"):
        return "the file is a single value; expected a list of objects"
    filled, empty = find_lists(islice(_parse(file), MOST_EVENTS))
    if first == "start_array":
        if "" in filled:
            return 'the file itself is the list of records: say records = "" in [ingest]'
        return "the file is a list without records; expected a list of objects"
    keys = list(islice(_top_keys(_parse(file)), KEYS_SHOWN))
    shown = f"the file is an object with the keys {', '.join(keys)}"
    if records in empty:
        return f"{shown}, and its list {records} is empty" + (f"; {_advise(records, filled)}" if filled else "")
    if not filled and not empty:
        return f"{shown}, and it holds no list of objects; write the records as a list, such as [{{…}}, {{…}}]"
    return f"{shown}; {_advise(records, filled or empty)}"


def _parse(file: RawFile) -> Iterator[Event]:
    return parse(file, lambda reader: iter(ijson.parse(reader)))


def _advise(records: str, lists: list[str]) -> str:
    nearest = get_close_matches(records, lists, n=1) or lists
    return (
        f"name the one that holds the list of records, such as records = {json.dumps(nearest[0], ensure_ascii=False)}, "
        "in [ingest]"
    )


def find_lists(events: Events) -> tuple[list[str], list[str]]:
    """Paths of lists of objects, and of empty lists, that lie in no other list."""
    filled: list[str] = []
    empty: list[str] = []
    opened: str | None = None
    for prefix, event, _ in events:
        if opened is not None:
            if event == "start_map":
                filled.append(opened)
            elif event == "end_array":
                empty.append(opened)
            opened = None
        if event == "start_array" and "item" not in prefix.split("."):
            opened = prefix
        if len(filled) >= KEYS_SHOWN:
            break
    return filled, empty


def looks_like_lines(file: RawFile) -> bool:
    """Whether the first two lines are objects of their own."""
    lines = file.peek(2 * LONGEST_LINE).split(b"\n")
    return len(lines) > 1 and all(_is_object(line) for line in lines[:2])


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _top_keys(events: Events) -> Iterator[str]:
    return (str(value) for prefix, event, value in events if (prefix, event) == ("", "map_key"))
