"""The recipes that the page may run: those that have a name, and those that the environment names by a path."""

from relay.handoff.errors import UsageError
from relay.handoff.recipe import list_recipes
from relay.handoff.recipe_file import suggest_nearest
from relay.handoff.settings import Settings


def list_names(settings: Settings) -> list[str]:
    """The recipes in `recipes/`, those in the data folder, and those that the environment names by a path."""
    known = (path.stem for path in list_recipes(data_dir=settings.data_dir))
    return list(dict.fromkeys((*known, *settings.recipes)))


def require_known(settings: Settings, source: str) -> str:
    """The name or path of a recipe, as the page was given it by its environment.

    Raises:
        UsageError: it is another one, such as a path in an address.
    """
    known = list_names(settings)
    if source not in known:
        raise UsageError(
            f'the page has no recipe "{source}"{suggest_nearest(source, known)}; it runs the recipes in recipes/ and '
            "data/recipes/, and those that RECIPES names"
        )
    return source
