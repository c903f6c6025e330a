"""Frames that notebooks hand on by files, without the files."""

import ast


def write_round_trip(written: ast.stmt, reader: ast.stmt, *, is_same: bool) -> str:
    """The frame that a file carried from one notebook to the next, without the file where nothing is lost by that.

    A CSV file changes types: then the frame is written to text and read again, as the notebooks did.
    """
    call = written.value if isinstance(written, ast.Expr | ast.Assign) else None
    assert isinstance(call, ast.Call)  # noqa: S101 - it wrote a file
    assert isinstance(call.func, ast.Attribute)  # noqa: S101
    frame = ast.unparse(call.func.value)
    words = {word.arg: ast.unparse(word.value) for word in call.keywords}
    if is_same or call.func.attr != "to_csv":
        return frame + (".reset_index(drop=True)" if words.get("index") == "False" else "")
    read = next(
        node for node in ast.walk(reader) if isinstance(node, ast.Call) and "read_csv" in ast.unparse(node.func)
    )
    rest = [
        ast.unparse(word.value) if word.arg is None else f"{word.arg}={ast.unparse(word.value)}"
        for word in read.keywords
    ]
    options = ", ".join(f"{key}={value}" for key, value in words.items() if key)
    return f"pd.read_csv(io.StringIO({frame}.to_csv({options})){''.join(f', {one}' for one in rest)})"
