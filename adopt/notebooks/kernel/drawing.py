"""Keeps each figure of pyplot before it is closed, and notes which statements drew in it.

The inline backend closes all figures after a cell and at `plt.show()`.
"""

import json
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

from adopt.notebooks.kernel.figures import describe_figure, draw_image

NUMBER = "_relay_number"
"""The attribute of a figure that holds its number."""


class Drawing:
    """The figures of a notebook, numbered from 0 in the order in which they are seen.

    Args:
        out: Where `figure-<book>-<number>.json` and `.png` are written.
        book: The number of the notebook.
    """

    def __init__(self, out: Path, book: int) -> None:
        self.out, self.book = out, book
        self.figures: list[weakref.ref[Any]] = []
        self.is_changed: list[bool] = []
        self.drawn: set[int] = set()
        self.is_hooked = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: object) -> None:
        # The first figure imports its backend: from there on none is closed unseen, not even within one statement.
        if event == "import" and not self.is_hooked:
            self._hook()

    def begin(self) -> None:
        """Begin with a statement."""
        self.drawn = set()

    def end(self) -> list[int]:
        """The numbers of the figures that the statement made or drew in."""
        self._look()
        return sorted(self.drawn)

    def keep_all(self) -> None:
        """Write each figure that changed since it was last written."""
        self._look()
        for number, reference in enumerate(self.figures):
            figure = reference()
            if figure is not None and self.is_changed[number]:
                self._keep(figure, number)

    def _look(self) -> None:
        """Number new figures, and note those that would look different if they were drawn again."""
        managers = self._hook()
        for manager in list(managers.figs.values()) if managers is not None else ():
            figure = manager.canvas.figure
            if not hasattr(figure, NUMBER):
                setattr(figure, NUMBER, len(self.figures))
                self.figures.append(weakref.ref(figure))
                self.is_changed.append(True)
                figure.stale = True
        for number, reference in enumerate(self.figures):
            figure = reference()
            if figure is not None and figure.stale:
                figure.stale = False
                self.is_changed[number] = True
                self.drawn.add(number)

    def _hook(self) -> Any:
        """Managers of pyplot's figures, once they exist; from then on each figure is kept before it is closed."""
        managers = getattr(sys.modules.get("matplotlib._pylab_helpers"), "Gcf", None)
        if managers is not None and not self.is_hooked:
            self.is_hooked = True
            for name in ("destroy", "destroy_all"):
                setattr(managers, name, staticmethod(self._keep_before(getattr(managers, name))))
        return managers

    def _keep_before(self, close: Callable[..., Any]) -> Callable[..., Any]:
        def keep_and_close(*arguments: Any) -> Any:
            self.keep_all()
            return close(*arguments)

        keep_and_close.replaced = close  # type: ignore[attr-defined]  # so that a test can restore it
        return keep_and_close

    def _keep(self, figure: Any, number: int) -> None:
        path = self.out / f"figure-{self.book}-{number}"
        try:
            data = describe_figure(figure)
            path.with_suffix(".png").write_bytes(draw_image(figure))
        except Exception as error:  # a figure that cannot be drawn must not end the notebook
            data = [{"kind": "error", "error": f"{type(error).__name__}: {error}"}]
        path.with_suffix(".json").write_text(json.dumps(data), encoding="utf-8")
        self.is_changed[number] = False
        figure.stale = False
