"""A model in ONNX: the same answers as its pipeline's within `contract.TOLERANCE`, a hundred times quicker for one row.

It takes one matrix of float32, a column an input in the contract's order, missing values as NaN.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as problems

from relay.handoff.errors import ModelError

INPUT, OUTPUT = "inputs", "outputs"
"""Names of the one tensor that goes in and the one that comes out."""

Matrix = npt.NDArray[np.float32]

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
    """Numbers that an answer has: one a class, or one."""

    def predict(self, matrix: Matrix) -> Matrix:
        """The answers to rows (n, inputs): a probability a class (n, classes), or a number (n, 1).

        A column of the answers, such as `[:, 1]`, is a view with gaps: copy it where its memory is read as a whole.

        Raises:
            ValueError: the matrix has another width, or is not of float32.
        """
        if matrix.dtype != np.float32 or matrix.ndim != 2 or matrix.shape[1] != self.columns:
            raise ValueError(
                f"expected float32 (n, {self.columns}), found {matrix.dtype} {matrix.shape}: fill it by the contract"
            )
        if not len(matrix):
            return np.zeros((0, self.width), np.float32)
        answers: Matrix = self.session.run([OUTPUT], {INPUT: np.ascontiguousarray(matrix)})[0]
        return answers


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
    return OnnxModel(session, columns=shapes[INPUT][1], width=shapes[OUTPUT][1])
