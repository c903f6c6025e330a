"""The ONNX graph of a fitted pipeline, in doubles: its preparation and its trees are written here.

Other estimators are converted by skl2onnx. It takes a tensor per column and knows no imputer that marks missing values;
written here, the preparation is a few nodes on one matrix, whatever the number of columns. This module is imported only
when an ONNX file is made: onnx loads slowly.
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

from model.training.estimator.onnx.trees import Ensemble, Forest, read_trees
from relay.registry.onnx_file import INPUT, OUTPUT

CONVERTED = {"": 18, "ai.onnx.ml": 3}
"""Versions of the operators that skl2onnx 1.20 writes for every estimator."""

OF_TREES = {"": 18, "ai.onnx.ml": 5}
"""The first version whose trees have thresholds, sums and answers in doubles."""

IR_VERSION = 10
"""Of the file's format: the oldest that allows these operators. ONNX Runtime 1.20 and later run both."""

PREPARED, ANSWERS = "prepared", "answers"

Precision = Literal["double", "float"]
"""In which the file takes its inputs and the estimator computes; the preparation and the output are always double."""

Floats = npt.NDArray[np.float64]


class NoDoublesError(Exception):
    """A converted estimator computes in float32 although its inputs are doubles."""


@dataclass(frozen=True)
class Preparation:
    """What a fitted preparation does to (n, inputs): fill, mark, choose, centre and scale."""

    fills: Floats
    """What replaces a missing value (inputs,); NaN where it stays missing."""
    order: npt.NDArray[np.int64]
    """The prepared columns (columns,): below `inputs` the filled input, from there on whether it was missing."""
    means: Floats
    scales: Floats
    rounds: bool = False
    """Whether the inputs are rounded to float32 first."""

    @property
    def fills_none(self) -> bool:
        """Whether the estimator takes missing values as they are."""
        return bool(np.isnan(self.fills).all())

    @property
    def marks_missing(self) -> bool:
        """Whether a prepared column says where a value was missing."""
        return bool((self.order >= len(self.fills)).any())


def read_preparation(fitted: Pipeline, inputs: list[str]) -> Preparation:
    """What the preparation of a fitted pipeline of numbers and truth values does, as numbers.

    Args:
        fitted: from `model.training.estimator.pipeline`.
        inputs: the columns in the order of the contract.
    """
    fills = np.full(len(inputs), np.nan)
    order: list[int] = []
    means, scales = [], []
    for _, steps, columns in fitted["prepare"].transformers_:
        indices, marked = [inputs.index(name) for name in columns], []
        impute, scale = (steps.named_steps.get(name) for name in ("impute", "scale"))
        if impute is not None:
            fills[indices] = impute.statistics_.astype(np.float64)
            found = getattr(impute, "indicator_", None)
            marked = [] if found is None else [len(inputs) + indices[index] for index in found.features_.tolist()]
        order += [*indices, *marked]
        width = len(indices) + len(marked)
        means.append(np.zeros(width) if scale is None else scale.mean_)
        scales.append(np.ones(width) if scale is None else scale.scale_)
    return Preparation(
        fills, np.array(order, np.int64), np.concatenate(means), np.concatenate(scales), "round" in fitted.named_steps
    )


def build_graph(estimator: Any, preparation: Preparation, precision: Precision, *, outputs: int) -> bytes:
    """The ONNX file of an estimator behind its preparation.

    Args:
        estimator: fitted to prepared columns.
        preparation: what comes before it.
        precision: see there.
        outputs: classes, or 1 for a number.

    Raises:
        Exception: whatever skl2onnx and onnx raise for an estimator that they do not know.
        NoDoublesError: double is asked for, and skl2onnx converts the estimator to float32.
    """
    trees = read_trees(estimator) if precision == "double" else None
    constants, nodes = _prepare(preparation, precision)
    if trees is None:
        more, written = _convert(estimator, preparation, precision, is_class=outputs > 1)
    else:
        more, written = _write_trees(trees)
    nodes += [*written, helper.make_node("Reshape", [ANSWERS, "answers_shape"], [OUTPUT])]
    constants += [*more, numpy_helper.from_array(np.array([-1, outputs], np.int64), "answers_shape")]
    kind = TensorProto.DOUBLE if precision == "double" else TensorProto.FLOAT
    graph = helper.make_graph(
        _keep_needed(nodes),
        "relay",
        [helper.make_tensor_value_info(INPUT, kind, [None, len(preparation.fills)])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.DOUBLE, [None, outputs])],
    )
    used = {name for node in graph.node for name in node.input}
    graph.initializer.extend(item for item in constants if item.name in used)
    domains = {node.domain for node in graph.node} | {""}
    versions = CONVERTED if trees is None else OF_TREES
    opsets = [helper.make_opsetid(name, version) for name, version in versions.items() if name in domains]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="relay", ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _prepare(preparation: Preparation, precision: Precision) -> tuple[list[Any], list[Any]]:
    """Constants and nodes from the inputs to the prepared columns; what changes nothing has no node."""
    double, steps = TensorProto.DOUBLE, _Steps(INPUT)
    if preparation.rounds and precision == "double":
        steps.add("Cast", to=TensorProto.FLOAT)
    if preparation.rounds or precision == "float":
        steps.add("Cast", to=double)
    if not preparation.fills_none:
        cells = steps.last
        missing = steps.add("IsNaN")
        filled = steps.add("Where", missing, steps.constant("fills", preparation.fills), cells)
        if preparation.marks_missing:
            marks = steps.add("Cast", missing, to=double)
            steps.add("Concat", filled, marks, axis=1)
    if not np.array_equal(preparation.order, np.arange(len(preparation.fills))):
        steps.add("Gather", steps.last, steps.constant("order", preparation.order), axis=1)
    if preparation.means.any() or (preparation.scales != 1).any():
        steps.add("Sub", steps.last, steps.constant("means", preparation.means))
        steps.add("Div", steps.last, steps.constant("scales", preparation.scales))
    steps.add("Cast", to=double if precision == "double" else TensorProto.FLOAT)
    steps.nodes[-1].output[0] = PREPARED
    return steps.constants, steps.nodes


def _write_trees(trees: Ensemble) -> tuple[list[Any], list[Any]]:
    """Constants and nodes from the prepared columns to the answers."""
    steps = _Steps(PREPARED, prefix="trees")
    if trees.in_float32:
        steps.add("Cast", to=TensorProto.FLOAT)
        steps.add("Cast", to=TensorProto.DOUBLE)
    steps.add("TreeEnsemble", domain="ai.onnx.ml", **_list_nodes(trees))
    if trees.divisor != 1:
        steps.add("Div", steps.last, steps.constant("divisor", np.array(trees.divisor)))
    if trees.base.any():
        steps.add("Add", steps.last, steps.constant("base", trees.base))
    operator = {"exp": "Exp", "sigmoid": "Sigmoid", "softmax": "Softmax"}.get(trees.link)
    if operator is not None:
        steps.add(operator)
    if trees.link in ("sigmoid", "complement"):
        second = steps.last
        first = steps.add("Sub", steps.constant("one", np.ones(1)), second)
        steps.add("Concat", first, second, axis=1)
    steps.nodes[-1].output[0] = ANSWERS
    return steps.constants, steps.nodes


def _list_nodes(trees: Ensemble) -> dict[str, Any]:
    """The attributes of the operator TreeEnsemble."""
    attributes: dict[str, list[Any]] = {}
    for target, forest in enumerate(trees.forests):
        inner, leaves = (sum(map(len, attributes.get(name, []))) for name in ("nodes_splits", "leaf_weights"))
        for name, values in _number_nodes(forest, first_inner=inner, first_leaf=leaves).items():
            attributes.setdefault(name, []).append(values)
        attributes.setdefault("leaf_targetids", []).append(np.full(len(attributes["leaf_weights"][-1]), target))
    joined = {name: np.concatenate(values) for name, values in attributes.items()}
    tensors = {name: numpy_helper.from_array(joined.pop(name)) for name in ("nodes_splits", "leaf_weights")}
    modes = numpy_helper.from_array(np.zeros(len(joined["nodes_featureids"]), np.uint8))  # 0: at most
    lists = {name: values.astype(np.int64).tolist() for name, values in joined.items()}
    return {"n_targets": len(trees.forests), "aggregate_function": 1, "nodes_modes": modes, **tensors, **lists}


def _number_nodes(forest: Forest, *, first_inner: int, first_leaf: int) -> dict[str, npt.NDArray[Any]]:
    """The nodes of a forest as the operator has them: inner nodes and leaves are numbered apart."""
    is_leaf = forest.is_leaf
    inner, leaves = forest.find_splits(), np.flatnonzero(is_leaf)
    place = np.zeros(len(is_leaf), np.int64)
    place[inner] = first_inner + np.arange(len(inner))
    place[leaves] = first_leaf + np.arange(len(leaves))
    # A root must be an inner node: a tree that is one leaf becomes a node with that leaf on both sides.
    is_bare = is_leaf[forest.roots]
    bare = forest.roots[is_bare]
    roots = place[forest.roots]
    roots[is_bare] = first_inner + len(inner) + np.arange(len(bare))
    left, right = (np.concatenate([children[inner], bare]) for children in (forest.left, forest.right))
    nothing = np.zeros(len(bare), np.int64)
    return {
        "tree_roots": roots,
        "nodes_featureids": np.concatenate([forest.features[inner], nothing]),
        "nodes_splits": np.concatenate([forest.thresholds[inner], nothing]),
        "nodes_missing_value_tracks_true": np.concatenate([forest.is_missing_left[inner], nothing]),
        "nodes_truenodeids": place[left],
        "nodes_trueleafs": is_leaf[left],
        "nodes_falsenodeids": place[right],
        "nodes_falseleafs": is_leaf[right],
        "leaf_weights": forest.values[leaves],
    }


def _convert(
    estimator: Any, preparation: Preparation, precision: Precision, *, is_class: bool
) -> tuple[list[Any], list[Any]]:
    """Constants and nodes of skl2onnx, from the prepared columns to the answers."""
    is_double = precision == "double"
    kind = (DoubleTensorType if is_double else FloatTensorType)([None, len(preparation.order)])
    options = {id(estimator): {"zipmap": False}} if is_class else None
    converted = skl2onnx.convert_sklearn(
        estimator, "estimator", initial_types=[(PREPARED, kind)], options=options, target_opset=CONVERTED
    ).graph
    last = helper.make_node("Cast", [converted.output[-1].name], [ANSWERS], to=TensorProto.DOUBLE)
    nodes = _keep_needed([*converted.node, last], ANSWERS)
    used = {name for node in nodes for name in node.input}
    constants = [item for item in converted.initializer if item.name in used]
    if is_double and _find_floats(nodes, constants):
        raise NoDoublesError(f"{type(estimator).__name__} is converted to float32")
    return constants, nodes


def _find_floats(nodes: list[Any], constants: list[Any]) -> bool:
    """Whether something is computed in float32."""
    casts = [item.i for node in nodes if node.op_type == "Cast" for item in node.attribute if item.name == "to"]
    return TensorProto.FLOAT in (*casts, *(item.data_type for item in constants))


def _keep_needed(nodes: list[Any], output: str = OUTPUT) -> list[Any]:
    """The nodes on which the output depends: what only names a class is left out."""
    needed, kept = {output}, []
    for node in reversed(nodes):
        if needed & set(node.output):
            needed |= set(node.input)
            kept.append(node)
    return kept[::-1]


class _Steps:
    """Nodes one after the other, each with a name for its output, and the constants that they take."""

    def __init__(self, start: str, prefix: str = "inputs") -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.last = start
        self._prefix = prefix

    def add(self, operator: str, *operands: str, **attributes: Any) -> str:
        """Add a node that takes the operands, or what the node before it gives; gives its output's name."""
        name = f"{self._prefix}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(operands) or [self.last], [name], **attributes))
        self.last = name
        return name

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        """Add a constant; gives its name, which skl2onnx does not use."""
        name = f"{self._prefix}_{name}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name
