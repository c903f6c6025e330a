import numpy as np

from stylometry.symbols import Symbols
from stylometry.tables import Marks, Rows, count_by_table, sort_rows

NONE = np.empty(0, np.uint32)


def test_entries_are_put_in_the_order_of_the_columns_within_each_row() -> None:
    rows = Rows(np.array([0, 1, 2, 1], np.int32), np.array([5, 6, 7, 8], np.int32), np.array([3, 4]), NONE)
    columns, counts = np.empty(4, np.int32), np.empty(4, np.int32)
    sort_rows(rows, np.array([128, 0, 63], np.int32), 129, columns, counts)
    assert columns.tolist() == [0, 63, 128, 0]
    assert counts.tolist() == [6, 7, 5, 8]


def test_every_place_of_a_word_is_found() -> None:
    ids = np.arange(64, dtype=np.int32)
    columns, counts = np.empty(64, np.int32), np.empty(64, np.int32)
    sort_rows(Rows(ids, ids + 1, np.array([64]), NONE), ids[::-1].copy(), 64, columns, counts)
    assert columns.tolist() == list(range(64))
    assert counts.tolist() == list(range(64, 0, -1))


def test_a_table_counts_in_the_order_of_the_codes_and_is_left_empty() -> None:
    # Two rows of symbols of two bits: 1 2 1 2 and 3 3 3; as pairs 12 21 12 and 33 33.
    symbols = Symbols(np.array([1, 2, 1, 2, 3, 3, 3], np.uint32), np.array([4, 7]))
    table, marks = np.zeros(64, np.int32), Marks(*(np.zeros(1, np.uint64) for _ in range(3)))
    rows = Rows(np.zeros(8, np.int32), np.zeros(8, np.int32), np.zeros(2, np.int64), np.zeros(8, np.uint32))
    count_by_table(symbols, np.uint64(2), np.uint64(2), table, marks, rows)
    assert rows.ends.tolist() == [2, 3]
    assert rows.ids[:3].tolist() == [0b0110, 0b1001, 0b1111]
    assert rows.counts[:3].tolist() == [2, 1, 2]
    assert (table.any(), marks.words[0], marks.groups[0]) == (False, 0, 0)
    assert int(marks.known[0]) == 1 << 0b0110 | 1 << 0b1001 | 1 << 0b1111
