"""The trigrams of a processed dataset of texts, counted in one local thread or by the workers of a cluster."""

import resource
import time
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from model.style_parameters import AuthorshipParameters
from model.training.authorship.chunking import Units, cut
from model.training.authorship.documents import Documents, read_texts
from model.training.authorship.far import Far
from model.training.authorship.far_counts import FarCounts
from relay.handoff.dataset import open_dataset
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from stylometry.features import CountTable
from stylometry.ngrams import count_any_ngrams

COLUMN, CHUNK_CHARS, N = "text", 5_000, 3


def count_trigrams(data_dir: Path, name: str, *, is_far: bool) -> dict[str, Any]:
    """Wall and processor seconds of counting, with the digest of what was counted; reading and cutting come before.

    Args:
        data_dir: the data folder.
        name: of the dataset's recipe.
        is_far: whether the workers of the cluster count, that the environment names.
    """
    location = DatasetLocation(data_dir, f"processed/{name}", "preprocess")
    dataset = open_dataset(location, Fingerprints(data_dir / ".state", data_dir), "preprocess")
    utf8, offsets = read_texts(dataset.table([COLUMN]).column(COLUMN))
    documents = Documents(utf8, offsets, [None] * (len(offsets) - 1), [])
    parameters = AuthorshipParameters.model_validate({"kind": "authorship", "chunk_chars": CHUNK_CHARS})
    chunks = cut(documents, parameters)
    begun, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    with ExitStack() as stack:
        far = FarCounts(Far(dataset, location, stack), documents, COLUMN, parameters)
        counts = far.count(chunks, Units("chars", N)) if is_far else count_any_ngrams(chunks, N, threads=1)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": time.perf_counter() - begun,
        "cpu": spent.ru_utime + spent.ru_stime - cpu.ru_utime - cpu.ru_stime,
        "digest": _hash(counts),
    }


def _hash(counts: CountTable) -> str:
    digest = sha256("\n".join(counts.ngrams).encode())
    for array in (counts.matrix.indptr, counts.matrix.indices, counts.matrix.data):
        digest.update(np.ascontiguousarray(array, np.int64).data)
    return digest.hexdigest()
