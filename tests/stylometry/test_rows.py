import numpy as np

from stylometry.rows import Block, sort_rows


def test_entries_are_put_in_the_order_of_the_columns_within_each_row() -> None:
    block = Block(np.array([0, 1, 2, 1], np.int32), np.array([5, 6, 7, 8], np.int32), np.array([3, 3, 4]))
    columns, counts = np.empty(4, np.int32), np.empty(4, np.int32)
    sort_rows(block, np.array([128, 0, 63], np.int32), 129, columns, counts)
    assert columns.tolist() == [0, 63, 128, 0]
    assert counts.tolist() == [6, 7, 5, 8]


def test_every_place_of_a_word_is_found() -> None:
    ids = np.arange(64, dtype=np.int32)
    columns, counts = np.empty(64, np.int32), np.empty(64, np.int32)
    sort_rows(Block(ids, ids + 1, np.array([64])), ids[::-1].copy(), 64, columns, counts)
    assert columns.tolist() == list(range(64))
    assert counts.tolist() == list(range(64, 0, -1))
