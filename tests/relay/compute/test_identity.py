"""The packages that workers are compared by: those that the results depend on, which the image of the workers has."""

import pytest

import preprocess.__main__
from model.ask.files import job
from relay.compute.identity import PACKAGES
from relay.handoff.code import HANDOFF, Code
from relay.handoff.settings import ROOT
from relay.registry.trusted import TYPES


@pytest.mark.parametrize(
    "code", [HANDOFF, preprocess.__main__.CODE, job.CODE], ids=["handoff", "preprocess", "predict"]
)
def test_workers_are_compared_by_each_package_of_a_key(code: Code) -> None:
    assert set(code.packages) - {*PACKAGES} == set()


def test_workers_are_compared_by_the_packages_of_other_estimators() -> None:
    assert set(TYPES) - {*PACKAGES} == set()


def test_the_image_of_the_workers_has_all_but_other_estimators() -> None:
    locks = [ROOT / "model/requirements.txt", ROOT / "services/dask/requirements.txt"]
    pinned = {name for lock in locks for name in PACKAGES if f"\n{name}==" in f"\n{lock.read_text()}"}
    assert set(PACKAGES) - pinned == set(TYPES)
