"""A text asked over HTTP gets the figures that `python -m model ask` gives for it."""

import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loguru import logger
from patience import wait_for
from projects import CASES, DOCUMENTS, WORDS, Project, make_project
from serving import Server, lay_version

from model.ask.text import read_text
from model.ask.text_answer import attribute_text
from model.ask.trained import Trained, load_trained
from relay.handoff.errors import UsageError
from relay.handoff.recipe import load_recipe
from relay.registry.model_file import read_model
from relay.results.text_attribution import TextAttribution

DISTANCES = {"counts": "count_manhattan", "frequencies": "cosine_delta"}

Asked = tuple[Project, Trained]

TEXT = " ".join(np.random.default_rng(8).choice(WORDS["Ann"], 400))
TEXTS = {
    "whole chunks": " ".join(np.random.default_rng(5).choice(WORDS["Ann"], 400)),
    "shorter than a chunk": " ".join(np.random.default_rng(6).choice(WORDS["Ben"], 40)),
    "lines, links and blanks": "\n\n".join(["  the sea was\tcalm https://example.org/?a=1 and"] * 60) + "\n",
    "in another language": "בראשית ברא אלהים את השמים ואת הארץ " * 20,
    "decomposed, in capitals": unicodedata.normalize("NFD", TEXT.upper().replace("CALM", "CÄLM")),
    "a sentence repeated": "the sea was calm and the light upon the water lay like glass " * 60,
    "of two authors": " ".join(np.random.default_rng(7).choice([*WORDS["Ben"], *WORDS["Cid"]], 400)),
}


@pytest.fixture(scope="module", params=DISTANCES.values(), ids=DISTANCES)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A trained project, and its model as the command loads it."""
    recipe = DOCUMENTS + f'distance = "{request.param}"\n'
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MLFLOW_TRACKING_URI", "off")
        made = make_project(tmp_path_factory.mktemp("styles"), recipe, CASES["documents"][1](), "documents")
        assert made.run() == 0
    logger.remove()
    return made, load_trained(made.data_dir, load_recipe(str(made.recipe)))


@pytest.fixture(scope="module")
def server(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> Any:
    data = tmp_path_factory.mktemp("served") / "data"
    lay_version(data, asked[0].latest.resolve(), "1")
    server = Server(data, ("documents",)).start()
    yield server
    server.stop()


def ask_here(asked: Asked, text: str) -> TextAttribution | str:
    """What the command says, or why it does not."""
    made, trained = asked
    try:
        return attribute_text(trained, read_text(text.encode()), made.data_dir / ".state")
    except UsageError as error:
        return str(error).partition(": ")[2]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_command_and_the_service_say_the_same_of_a_text(server: Server, asked: Asked, text: str) -> None:
    said = ask_here(asked, text)
    if isinstance(said, str):
        refused = server.post("/predict", {"text": text})
        assert (refused.status, said in refused.json["detail"]) == (422, True)
        return
    answer = server.post("/predict", {"text": text}).json
    (details,) = answer["details"]
    found = {row["label"]: (row["distance"], row["probability"]) for row in details["labels"]}
    assert (answer["prediction"], list(found)) == (said.labels[0].label, [one.label for one in said.labels])
    assert found == {one.label: pytest.approx((one.distance, one.probability), rel=1e-12) for one in said.labels}
    assert details["verification"] == {
        "label": said.verdict.label,
        "verdict": said.verdict.verdict,
        "score": pytest.approx(said.verdict.score),
        "labels": [
            {"label": one.label, "score": pytest.approx(one.score), "verdict": one.verdict}
            for one in said.verdict.labels
        ],
    }
    assert details["place"] == pytest.approx({"x": said.map.x, "y": said.map.y})
    assert details["compared"] == {"chunks": said.text.chunks, "chunk_chars": said.text.chunk_chars}
    assert details["coverage"] == {"share": said.text.coverage, "required": said.text.required_coverage}
    assert (details["repetition"], details["warnings"]) == (
        said.text.repetition,
        list(said.warnings[: len(details["warnings"])]),
    )
    assert server.post("/invocations", {"instances": [text]}).json == {"predictions": [answer["prediction"]]}


def test_a_text_in_another_language_is_refused_and_named_among_several(server: Server) -> None:
    texts = [{"text": TEXTS["whole chunks"]}, {"text": TEXTS["in another language"]}]
    refused = server.post("/predict", texts)
    assert refused.status == 422
    assert refused.json["detail"].startswith("[1].text: this text cannot be compared: the ")
    assert (
        "repeats itself"
        in server.post("/predict", {"text": TEXTS["a sentence repeated"]}).json["details"][0]["warnings"][0]
    )


def test_counts_refuse_a_short_text_and_frequencies_do_not(server: Server, asked: Asked) -> None:
    # Otherwise the refusals above might be none.
    is_counts = asked[1].receipt.key.parameters["distance"] == "count_manhattan"
    short = server.post("/predict", {"text": TEXTS["shorter than a chunk"]}).status
    assert short == (422 if is_counts else 200)


def test_a_contract_from_before_the_chunks_is_served_as_it_promised(
    server: Server, asked: Asked, tmp_path: Path
) -> None:
    now = asked[0].latest.resolve()
    body = json.loads((now / "contract.json").read_bytes())
    del body["asking"]
    (tmp_path / "contract.json").write_text(json.dumps(body))
    (tmp_path / "model.skops").write_bytes((now / "model.skops").read_bytes())
    lay_version(server.data, tmp_path, "2")
    wait_for(lambda: read_version(server) == "2", "the old contract")
    text = TEXTS["whole chunks"]
    (details,) = server.post("/predict", {"text": text}).json["details"]
    model = read_model(tmp_path / "model.skops", body["files"]["model.skops"])
    distances = dict(zip(model.classes_.tolist(), model.measure_authors([text])[0].tolist(), strict=True))
    lay_version(server.data, now, "1")
    wait_for(lambda: read_version(server) == "1", "the new contract again")
    assert {row["label"]: row["distance"] for row in details["labels"]} == pytest.approx(distances)
    assert details["compared"] == {"chunks": 1, "chunk_chars": 0}


def read_version(server: Server) -> Any:
    return server.get("/health").json["models"]["documents"]["version"]
