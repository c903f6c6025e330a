"""The function of the recipe's own module that `[ingest]` names."""

from typing import TYPE_CHECKING, Any

from relay.handoff.recipe import Recipe

if TYPE_CHECKING:  # a recipe without own code needs nothing of it
    from relay.handoff.own.function import OwnFunction


def find_own(section: Any, recipe: Recipe) -> "OwnFunction | None":
    """The user's function that gives the rows, or reads the files; None where the recipe names none.

    Args:
        section: `[ingest]`, in the type of its source.
        recipe: beside which the module lies.

    Raises:
        OwnCodeError, RecipeError, UsageError: it is not there, or its arguments are wrong.
    """
    name: str | None = getattr(section, "function", None)
    if name is None:
        return None
    from relay.handoff.own.function import find_function
    from relay.handoff.own.module import OwnCodeError
    from relay.handoff.own.signature import Frame

    given = recipe.sections["ingest"].get("arguments", {})
    paths = 0 if section.source == "python" else 1
    own = find_function(recipe, "ingest", name, given, paths, section.timeout)
    for argument in own.signature.data:
        if argument.annotation and argument.frame not in (Frame.PATH, Frame.PATHS):
            raise OwnCodeError(
                f"{own.signature.shown}: {argument.name} has the type {argument.annotation}; a function that reads "
                "files takes a Path, which is one file, or a list[Path], which is all of them"
            )
    return own
