"""The recipes that the page may run: those in `recipes/`, and those that the environment names by a path."""

from collections.abc import Sequence

from relay.handoff.errors import UsageError
from relay.handoff.recipe import list_recipes
from relay.handoff.recipe_file import suggest_nearest
from relay.handoff.settings import Settings


def list_names(asked: Sequence[str]) -> list[str]:
    """The recipes in `recipes/`, then those that the environment names by a path."""
    known = [path.stem for path in list_recipes()]
    return known + [name for name in dict.fromkeys(asked) if name not in known]


def require_known(settings: Settings, source: str) -> str:
    """The name or path of a recipe, as the page was given it by its environment.

    Raises:
        UsageError: it is another one, such as a path in an address.
    """
    known = list_names(settings.recipes)
    if source not in known:
        raise UsageError(
            f'the page has no recipe "{source}"{suggest_nearest(source, known)}; it runs the recipes in recipes/ and '
            "those that RECIPES names"
        )
    return source
