"""A model in ONNX: the same answers as its pipeline's within `contract.TOLERANCE`, a hundred times quicker for one row.

It takes one matrix, a column per input in the contract's order, missing values as NaN. It compares doubles, as the
pipeline does: whole numbers beyond 2^24 and most fractions are other numbers in float32. Only a file whose inputs are
all exact in float32 may take float32; every file of release 0.1 does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as problems

from relay.handoff.column import Column
from relay.handoff.errors import ModelError

INPUT, OUTPUT = "inputs", "outputs"
"""Names of the one tensor that goes in and the one that comes out."""

EXACT_IN_FLOAT32 = 2**24
"""Up to here, on both sides of zero, float32 holds every whole number."""

INEXACT = (
    "its ONNX file rounds its inputs to float32, which changes some values that it may be asked about. The "
    "scikit-learn model answers instead, more slowly. Train again for an ONNX file that takes doubles"
)
"""Of a version whose ONNX file is not asked."""

Matrix = npt.NDArray[np.float64]

REFUSALS = (problems.Fail, problems.InvalidArgument, problems.InvalidGraph, problems.InvalidProtobuf,
            problems.NotImplemented, problems.RuntimeException, problems.NoModel)  # fmt: skip
"""What ONNX Runtime raises for a file that it cannot run; they have no common parent of their own."""


@dataclass(frozen=True)
class OnnxModel:
    """An open ONNX file; several threads may ask it at once."""

    session: onnxruntime.InferenceSession
    columns: int
    """Inputs that a row has."""
    width: int
    """Numbers that an answer has: one per class, or one."""
    is_double: bool
    """Whether it takes doubles; otherwise its inputs are rounded to float32."""

    def is_exact_for(self, inputs: Mapping[str, Column]) -> bool:
        """Whether no value that these inputs may have is rounded."""
        return self.is_double or fits_float32(inputs)

    def predict(self, matrix: Matrix) -> Matrix:
        """The answers to rows (n, inputs): a probability per class (n, classes), or a number (n, 1).

        A column of the answers, such as `[:, 1]`, is a view with gaps: copy it where its memory is read as a whole.

        Raises:
            ValueError: the matrix has another width, or is not of float64.
        """
        if matrix.dtype != np.float64 or matrix.ndim != 2 or matrix.shape[1] != self.columns:
            raise ValueError(
                f"expected float64 (n, {self.columns}), found {matrix.dtype} {matrix.shape}: fill it by the contract"
            )
        if not len(matrix):
            return np.zeros((0, self.width))
        cells = np.ascontiguousarray(matrix, np.float64 if self.is_double else np.float32)
        answers: Matrix = self.session.run([OUTPUT], {INPUT: cells})[0].astype(np.float64, copy=False)
        return answers


def fits_float32(inputs: Mapping[str, Column]) -> bool:
    """Whether float32 holds each value of the inputs: truth values, and whole numbers that are kept within ±2^24."""
    return all(
        column.type == "bool" or (column.type == "int" and _find_largest(column) <= EXACT_IN_FLOAT32)
        for column in inputs.values()
    )


def _find_largest(column: Column) -> float:
    """How far from zero a value of the column may be."""
    if column.allowed is not None:
        return max(abs(float(value)) for value in column.allowed)
    return max(abs(limit) if limit is not None else float("inf") for limit in (column.min, column.max))


def open_onnx(content: bytes) -> OnnxModel:
    """The model in an ONNX file, on one thread. Compare its SHA-256 with the contract first.

    Raises:
        ModelError: it is no model that ONNX Runtime can run, or not one of ours.
    """
    options = onnxruntime.SessionOptions()
    # One row is microseconds: handing it to other threads costs more, and who serves has workers of its own.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; they are raised as well
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except REFUSALS as error:
        raise ModelError(f"the ONNX file cannot be opened: {str(error).splitlines()[0]}; train again") from error
    shapes = {tensor.name: tensor.shape for tensor in (*session.get_inputs(), *session.get_outputs())}
    if shapes.keys() != {INPUT, OUTPUT} or not isinstance(shapes[OUTPUT][1], int):
        raise ModelError(
            f"the ONNX file has the tensors {', '.join(shapes)}, expected {INPUT} and {OUTPUT}: train again"
        )
    is_double = session.get_inputs()[0].type == "tensor(double)"
    return OnnxModel(session, columns=shapes[INPUT][1], width=shapes[OUTPUT][1], is_double=is_double)
