"""The ONNX graph of a fitted pipeline: its preparation written here, its estimator converted by skl2onnx.

skl2onnx takes a tensor a column and knows no imputer that marks what was missing; written by hand, the preparation is
five nodes on one matrix, whatever the number of columns. Imported only when an ONNX file is made: onnx loads slowly.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
import skl2onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
from sklearn.pipeline import Pipeline

from relay.registry.onnx_file import INPUT, OUTPUT

OPSETS = {"": 18, "ai.onnx.ml": 3}
"""Versions of the operators: what skl2onnx 1.20 writes for every estimator, and ONNX Runtime 1.17 and later runs."""

IR_VERSION = 9
"""Of the file's format: the oldest that allows these operators."""

PREPARED = "prepared"

Precision = Literal["raw", "float", "double"]
"""What the estimator is given: raw values in float32, or scaled ones in float32 or float64."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Preparation:
    """What a fitted preparation does to (n, inputs): fill, mark, choose, centre and scale."""

    fills: Floats
    """What stands for a missing value (inputs,)."""
    order: npt.NDArray[np.int64]
    """The prepared columns (columns,): below `inputs` the filled input, from there on whether it was missing."""
    means: Floats
    scales: Floats


def read_preparation(fitted: Pipeline, inputs: list[str]) -> Preparation:
    """What the preparation of a fitted pipeline of numbers and truth values does, as numbers.

    Args:
        fitted: from `model.training.estimator.pipeline`.
        inputs: the columns in the order of the contract.
    """
    fills = np.zeros(len(inputs))
    order: list[int] = []
    means, scales = [], []
    for _, steps, columns in fitted["prepare"].transformers_:
        impute, indices = steps["impute"], [inputs.index(name) for name in columns]
        fills[indices] = impute.statistics_.astype(np.float64)
        indicator = getattr(impute, "indicator_", None)
        marked = [] if indicator is None else [len(inputs) + indices[index] for index in indicator.features_.tolist()]
        order += [*indices, *marked]
        scaled = "scale" in steps.named_steps
        width = len(indices) + len(marked)
        means.append(steps["scale"].mean_ if scaled else np.zeros(width))
        scales.append(steps["scale"].scale_ if scaled else np.ones(width))
    return Preparation(fills, np.array(order, np.int64), np.concatenate(means), np.concatenate(scales))


def build_graph(estimator: Any, preparation: Preparation, precision: Precision, *, outputs: int) -> bytes:
    """The ONNX file of an estimator behind its preparation.

    Args:
        estimator: fitted to what `precision` gives it.
        preparation: what comes before it.
        precision: see there.
        outputs: classes, or 1 for a number.

    Raises:
        Exception: whatever skl2onnx and onnx raise for an estimator that they do not know.
    """
    converted = _convert(estimator, len(preparation.order), is_double=precision == "double", is_class=outputs > 1)
    constants, nodes = _prepare(preparation, precision)
    nodes += list(converted.graph.node)
    nodes += [
        helper.make_node("Cast", [converted.graph.output[-1].name], ["answers"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["answers", "shape"], [OUTPUT]),
    ]
    constants.append(numpy_helper.from_array(np.array([-1, outputs], np.int64), "shape"))
    graph = helper.make_graph(
        _keep_needed(nodes),
        "relay",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, len(preparation.fills)])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, outputs])],
    )
    used = {name for node in graph.node for name in node.input}
    graph.initializer.extend(item for item in (*constants, *converted.graph.initializer) if item.name in used)
    domains = {node.domain for node in graph.node} | {""}
    opsets = [helper.make_opsetid(name, version) for name, version in OPSETS.items() if name in domains]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="relay", ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _convert(estimator: Any, columns: int, *, is_double: bool, is_class: bool) -> Any:
    kind = (DoubleTensorType if is_double else FloatTensorType)([None, columns])
    options = {id(estimator): {"zipmap": False}} if is_class else None
    return skl2onnx.convert_sklearn(
        estimator, "estimator", initial_types=[(PREPARED, kind)], options=options, target_opset=OPSETS
    )


def _prepare(preparation: Preparation, precision: Precision) -> tuple[list[Any], list[Any]]:
    """Constants and nodes from the inputs to the prepared columns."""
    kind = np.float32 if precision == "raw" else np.float64
    code = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    constants = [
        numpy_helper.from_array(preparation.fills.astype(kind), "fills"),
        numpy_helper.from_array(preparation.order, "order"),
    ]
    last = PREPARED if precision == "raw" else "ordered"
    nodes = [
        helper.make_node("IsNaN", [INPUT], ["missing"]),
        helper.make_node("Cast", [INPUT], ["cells"], to=code),
        helper.make_node("Where", ["missing", "fills", "cells"], ["filled"]),
        helper.make_node("Cast", ["missing"], ["marks"], to=code),
        helper.make_node("Concat", ["filled", "marks"], ["both"], axis=1),
        helper.make_node("Gather", ["both", "order"], [last], axis=1),
    ]
    if precision == "raw":
        return constants, nodes
    constants += [
        numpy_helper.from_array(preparation.means, "means"),
        numpy_helper.from_array(preparation.scales, "scales"),
    ]
    nodes += [
        helper.make_node("Sub", ["ordered", "means"], ["centred"]),
        helper.make_node("Div", ["centred", "scales"], ["scaled"]),
        helper.make_node("Cast", ["scaled"], [PREPARED], to=code if precision == "double" else TensorProto.FLOAT),
    ]
    return constants, nodes


def _keep_needed(nodes: list[Any]) -> list[Any]:
    """The nodes on which the output depends: what only names a class is left out."""
    needed, kept = {OUTPUT}, []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    return kept[::-1]
