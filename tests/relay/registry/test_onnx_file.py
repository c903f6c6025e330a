"""An ONNX file that is none of ours is refused in words."""

import onnx
import pytest
from onnx import TensorProto, helper

from relay.handoff.errors import ModelError
from relay.registry.onnx_file import open_onnx


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ModelError, match="the ONNX file cannot be opened"):
        open_onnx(b"not a model")


def test_a_model_with_other_tensors_is_refused() -> None:
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("a", "b")]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["b"])], "other", tensors[:1], tensors[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    with pytest.raises(ModelError, match="has the tensors a, b, expected inputs and outputs"):
        open_onnx(model.SerializeToString())
