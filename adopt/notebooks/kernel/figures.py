"""What a figure shows, as plain numbers and texts.

Runs in notebook kernels and in the process of own code, and imports neither Relay nor anything that the user may lack.
"""

import hashlib
import io
import math
from collections.abc import Callable, Iterable
from typing import Any

MOST_NUMBERS = 20_000
"""Of one artist. Longer data is described by its first numbers and a digest of all."""
DIGITS = 9
"""To which long data counts as equal."""
IMAGE_DPI = 100


def describe_figure(figure: Any) -> list[dict[str, Any]]:
    """What a figure shows after it was drawn: a mapping for the figure itself, then one for each axes.

    Limits and ticks settle when a figure is drawn. The mappings hold numbers, texts, lists and None (for NaN), so that
    JSON keeps them; long data is `{"shape": …, "first": …, "digest": …, "rounded": …}`, with digests of all bits and of
    9 digits.
    """
    figure.draw_without_rendering()
    whole = {
        "kind": "figure",
        "size": _numbers(figure.get_size_inches()),
        "facecolor": _color(figure.get_facecolor()),
        "texts": [_describe_text(text) for text in figure.texts if text.get_text()],
        "legends": [_describe_legend(legend) for legend in figure.legends],
    }
    return [whole, *(_describe_axes(axes) for axes in figure.axes)]


def draw_image(figure: Any) -> bytes:
    """The figure as a PNG, with the same bytes for the same figure."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=IMAGE_DPI, bbox_inches="tight", metadata={"Software": None})
    return stream.getvalue()


def is_empty(description: Iterable[dict[str, Any]]) -> bool:
    """Whether nothing is drawn: no axes, or axes without data, texts and labels."""
    _, *axes = description
    parts = ("lines", "points", "patches", "images", "texts", "tables")
    return not any(part in one and one[part] for one in axes for part in parts)


def _describe_axes(axes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": axes.name,
        "position": _numbers(axes.get_position().bounds),
        "facecolor": _color(axes.get_facecolor()),
        "is_framed": bool(axes.axison and axes.get_frame_on()),
        "titles": [axes.get_title(place) for place in ("left", "center", "right")],
    }
    for letter in ("x", "y", "z"):
        axis = getattr(axes, f"{letter}axis", None)
        if axis is not None:
            found[letter] = {
                "label": axis.get_label_text(),
                "limits": _numbers(getattr(axes, f"get_{letter}lim")()),
                "scale": axis.get_scale(),
                "ticks": [label.get_text() for label in axis.get_ticklabels()] if axes.axison else [],
                "has_grid": any(line.get_visible() for line in axis.get_gridlines()),
            }
    legend = axes.get_legend()
    found["legend"] = _describe_legend(legend) if legend is not None else None
    parts: tuple[tuple[str, Any, Callable[[Any], dict[str, Any]]], ...] = (
        ("lines", axes.lines, _describe_line),
        ("points", axes.collections, _describe_collection),
        ("patches", axes.patches, _describe_patch),
        ("images", axes.images, _describe_image),
        ("texts", axes.texts, _describe_text),
    )
    for name, artists, describe in parts:
        found[name] = [{**describe(artist), "alpha": _alpha(artist)} for artist in artists if artist.get_visible()]
    found["tables"] = [[cell.get_text().get_text() for cell in table.get_celld().values()] for table in axes.tables]
    return found


def _alpha(artist: Any) -> Any:
    alpha = artist.get_alpha()
    return alpha if alpha is None or isinstance(alpha, float | int) else _numbers(alpha)


def _describe_line(line: Any) -> dict[str, Any]:
    is_solid = hasattr(line, "get_data_3d")
    data = line.get_data_3d() if is_solid else (line.get_xdata(orig=False), line.get_ydata(orig=False))
    return {
        **{letter: _numbers(values) for letter, values in zip("xyz", data, strict=False)},
        "color": _color(line.get_color()),
        "width": float(line.get_linewidth()),
        "style": str(line.get_linestyle()),
        "marker": str(line.get_marker()),
        "marker_size": float(line.get_markersize()),
        "marker_color": _color(line.get_markerfacecolor()),
    }


def _describe_collection(collection: Any) -> dict[str, Any]:
    values = collection.get_array()
    paths = collection.get_paths()
    corners = [number for path in paths[:MOST_NUMBERS] for point in path.vertices for number in point]
    solid = getattr(collection, "_offsets3d", None)  # what a 3D plot shows of them depends on its angle
    offsets = collection.get_offsets() if solid is None else [list(values) for values in solid]
    return {
        "offsets": _numbers(offsets),
        "sizes": _numbers(collection.get_sizes()) if hasattr(collection, "get_sizes") else [],
        "faces": _colors(collection.get_facecolors()),
        "edges": _colors(collection.get_edgecolors()),
        "widths": _numbers(collection.get_linewidths()),
        "paths": {"count": len(paths), "numbers": _numbers(corners)},
        "values": None if values is None else _numbers(values),
        "color_map": None if values is None else [collection.get_cmap().name, *_numbers(collection.get_clim())],
    }


def _describe_patch(patch: Any) -> dict[str, Any]:
    return {
        "shape": type(patch).__name__,
        "corners": _numbers(patch.get_patch_transform().transform_path(patch.get_path()).vertices),
        "face": _color(patch.get_facecolor()),
        "edge": _color(patch.get_edgecolor()),
        "width": float(patch.get_linewidth()),
        "hatch": patch.get_hatch(),
    }


def _describe_image(image: Any) -> dict[str, Any]:
    return {
        "numbers": _numbers(image.get_array()),
        "color_map": [image.get_cmap().name, *_numbers(image.get_clim())],
        "extent": _numbers(image.get_extent()),
    }


def _describe_text(text: Any) -> dict[str, Any]:
    return {
        "text": text.get_text(),
        "at": _numbers(text.get_position()),
        "size": float(text.get_fontsize()),
        "color": _color(text.get_color()),
    }


def _describe_legend(legend: Any) -> dict[str, Any]:
    handles = getattr(legend, "legend_handles", [])
    return {
        "title": legend.get_title().get_text(),
        "texts": [text.get_text() for text in legend.get_texts()],
        "kinds": [type(handle).__name__ for handle in handles],
    }


def _numbers(values: Any) -> Any:
    """Numbers as a flat list; of many the shape, the first ones and a digest."""
    import numpy as np  # matplotlib needs it

    array: Any = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    flat = np.ascontiguousarray(array).ravel() + 0.0  # -0.0 is drawn as 0.0
    if flat.size <= MOST_NUMBERS:
        return [None if math.isnan(number) else number for number in flat.tolist()]
    scale = float(np.max(np.abs(flat[np.isfinite(flat)]), initial=0.0)) or 1.0
    return {
        "shape": list(array.shape),
        "first": _numbers(flat[:100]),
        "digest": _digest(flat),
        "rounded": _digest(np.round(flat / scale, DIGITS) + 0.0),
    }


def _digest(numbers: Any) -> str:
    return hashlib.blake2b(numbers.tobytes(), digest_size=16).hexdigest()


def _color(color: Any) -> Any:
    from matplotlib.colors import to_rgba

    try:
        return [round(float(part), 6) for part in to_rgba(color)]
    except (TypeError, ValueError):
        return str(color)


def _colors(colors: Any) -> Any:
    import numpy as np

    return _numbers(np.round(np.asarray(colors, dtype=float), 6))
