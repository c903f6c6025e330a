"""The routes about a model's monitor, as OpenAPI 3.1."""

from relay.monitoring.answers import BY_PERSONS, LONGEST_WHO, LONGEST_WHY, MOST_WINDOWS
from relay.monitoring.report import VerdictKind
from serve.documentation_parts import NAME, NO_NUL, REFUSED, Json, operate, query, take

READ = ("200", "400", "401", "404", "503")
DECIDED = ("201", *REFUSED, "404")

VERSION = query("version", "Of this version; without it, of the one that was looked at last", {"type": "string"})
LIMIT = query("limit", "How many", {"type": "integer", "minimum": 1, "maximum": MOST_WINDOWS})
BEFORE = query("before", "Behind this window", {"type": "string"})

EXAMPLE: Json = {
    "model": "credit",
    "version": "3",
    "window": "v3-10000",
    "is_alarm": True,
    "verdict": {
        "kind": "break",
        "since_unix": 1795782000.0,
        "text": "5 % of MonthlyIncome look multiplied by 12",
        "next_step": "Repair the source, and train on nothing that came since",
        "columns": [
            {
                "name": "MonthlyIncome",
                "what": "values",
                "evidence_log10": 9.2,
                "reference": 6600.0,
                "now": 10300.0,
                "text": "the mean of MonthlyIncome was 6,600 and is 10,300",
            }
        ],
        "factor": {"column": "MonthlyIncome", "factor": 12.0, "share": 0.05},
        "segment": None,
    },
    "rows": {"counted": 10000, "refused": 0, "left_out": {"trials": 3}},
    "decision": {"action": "hold", "why": "the data is broken"},
    "events": [],
}
EXAMPLE_OF_WINDOWS: Json = {
    "windows": [
        {
            "name": "v3-10000",
            "version": "3",
            "rows": 10000,
            "at_unix": 1795785600.0,
            "is_block": True,
            "verdict": "break",
            "evidence_log10": 9.2,
            "action": "hold",
        }
    ],
    "next": None,
}
BY_ADA: Json = {"who": "Ada", "why": "a new region was opened on purpose"}
WHEN: Json = {"at_unix": 1795789200.0}
ACCEPTED: Json = {"model": "credit", "version": "3", "window": "v3-10000", **BY_ADA, **WHEN}
DECISION: Json = {"model": "credit", "version": "3", "action": "hold", "window": "v3-10000", "verdict": "break"}


def describe_monitor() -> Json:
    """The paths about a model's monitor."""
    words = {
        "who": _describe_text(LONGEST_WHO, "Who decides"),
        "why": _describe_text(LONGEST_WHY, "The reason, for the decision record"),
    }
    action = {"enum": [str(action) for action in BY_PERSONS], "description": "hold: train nothing; train: start a run"}
    state = _answer(operate("What the monitor says of a model: verdict, evidence, labels, decision", READ), EXAMPLE)
    windows = _answer(operate("What it said at the end of each window, newest first", READ), EXAMPLE_OF_WINDOWS)
    state["responses"]["200"]["content"]["application/json"]["schema"] = {
        "type": "object",
        "properties": {
            "is_alarm": {"type": "boolean"},
            "verdict": {"type": "object", "properties": {"kind": {"enum": [str(kind) for kind in VerdictKind]}}},
        },
        "required": ["model", "version", "is_alarm", "verdict", "rows", "evidence", "decision", "events"],
    }
    accept = _decide("Accept the records up to now as the reference of their version", words, BY_ADA, ACCEPTED)
    decide = _decide(
        "Keep what a person decided", {"action": action} | words, {"action": "hold"} | BY_ADA, DECISION | BY_ADA | WHEN
    )
    return {
        "/models/{name}/monitor": {"get": state | {"parameters": [NAME, VERSION]}},
        "/models/{name}/monitor/windows": {"get": windows | {"parameters": [NAME, LIMIT, BEFORE]}},
        "/models/{name}/monitor/accept": {"post": accept},
        "/models/{name}/monitor/decisions": {"post": decide},
    }


def _describe_text(longest: int, words: str) -> Json:
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": NO_NUL, "description": words}


def _decide(summary: str, properties: Json, given: Json, told: Json) -> Json:
    body = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        "examples": [given],
    }
    operation = _answer(operate(summary, DECIDED), told, "201")
    return operation | {"parameters": [NAME], "requestBody": take(body)}


def _answer(operation: Json, example: Json, status: str = "200") -> Json:
    operation["responses"][status]["content"] = {"application/json": {"schema": {"type": "object"}, "example": example}}
    return operation
