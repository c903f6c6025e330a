from pathlib import Path

import numpy as np
from pyarrow import parquet

from benchmarks.large_text import count_file, write_row_groups
from stylometry import count_ngrams, keep_whole, most_frequent


def test_a_file_of_row_groups_counts_as_its_chunks_do(tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    documents = ["the cat sat on the mat", "the rat ate", "a hat and that", "that was the end of it"]
    write_row_groups(documents, path, groups=2, group_bytes=30)
    file = parquet.ParquetFile(path)
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [2, 2]

    actual = count_file(path, chunks=1, n=3, features=5)

    expected = count_ngrams(keep_whole([" ".join(documents[:2]), " ".join(documents[2:])], [None] * 2), 3)
    columns = np.sort(most_frequent(expected, 5))
    assert actual.ngrams == [expected.ngrams[column] for column in columns]
    assert actual.matrix.toarray().tolist() == expected.matrix[:, columns].toarray().tolist()
