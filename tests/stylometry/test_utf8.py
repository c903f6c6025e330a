import numpy as np

from stylometry.utf8 import count_characters, find_bytes, join_texts

UTF8 = np.frombuffer("aé日𝄞b".encode(), np.uint8)


def test_bytes_and_characters_are_found_from_each_other() -> None:
    characters = np.arange(6)
    offsets = np.array([0, 1, 3, 6, 10, 11])
    assert find_bytes(UTF8, characters).tolist() == offsets.tolist()
    assert count_characters(UTF8, offsets).tolist() == characters.tolist()


def test_a_position_asked_for_twice_is_found_twice() -> None:
    assert find_bytes(UTF8, np.array([1, 1, 4])).tolist() == [1, 1, 10]
    assert count_characters(UTF8, np.array([0, 0, 11, 11])).tolist() == [0, 0, 5, 5]


def test_what_stands_between_texts_belongs_to_the_one_before() -> None:
    utf8, offsets = join_texts(["ab", "", "c"], between=b" ")
    assert utf8.tobytes() == b"ab  c"
    assert offsets.tolist() == [0, 3, 4, 5]
