"""The module beside a recipe without a target: one function that groups its rows, and is the person's own from then."""

import json
from collections.abc import Sequence
from textwrap import wrap

CODE = '''"""Groups of similar rows. Drafted by `python -m adopt`: change it as you like."""

import pandas as pd

COLUMNS = [[COLUMNS]]
"""The numbers by which rows are compared."""


def train(rows: pd.DataFrame, *, groups: int = [[GROUPS]], seed: int = 0) -> dict[str, object]:
    """Group all rows by k-means, and draw them along their two main directions.

    Args:
        groups: Number of groups, at least 2.
        seed: Seed of k-means, and of the rows that are drawn.
    """
    import matplotlib.pyplot as plt
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.metrics import silhouette_score
    from sklearn.preprocessing import StandardScaler

    numbers = rows[COLUMNS].astype(float)
    numbers = numbers.fillna(numbers.median())
    scaled = pd.DataFrame(StandardScaler().fit_transform(numbers), columns=COLUMNS)
    found = KMeans(groups, n_init=10, random_state=seed).fit(scaled)
    group = pd.Series(found.labels_ + 1, rows.index)
    sizes = ", ".join(f"{size:,}" for size in group.value_counts().sort_index())

    # All pairs of rows are compared: of a long table, a sample is.
    sample = scaled.sample(min(len(scaled), 5000), random_state=seed)
    drawn = group.to_numpy()[sample.index]
    silhouette = silhouette_score(sample, drawn) if len(set(drawn)) > 1 else 0.0
    weak = "weak groups, which may be cuts through one cloud"
    clear = "clear groups" if silhouette >= 0.5 else weak if silhouette >= 0.25 else "no clear groups"
    if group.value_counts().min() < 0.01 * len(group):
        clear += ", but one has less than 1% of the rows, which are rather outliers"

    directions = PCA(2).fit(sample)
    figure, axes = plt.subplots(figsize=(8, 7), layout="constrained")
    points = axes.scatter(
        *directions.transform(sample).T, c=drawn, cmap="tab10", vmin=1, vmax=10, s=14, alpha=0.7, rasterized=True
    )
    figure.legend(*points.legend_elements(num=None), title="group", loc="outside right upper")
    axes.set_title(f"{groups} groups, silhouette {silhouette:.2f}")
    for say, share, weights in zip(
        (axes.set_xlabel, axes.set_ylabel), directions.explained_variance_ratio_, directions.components_
    ):
        largest = pd.Series(weights, COLUMNS).sort_values(key=abs, ascending=False).head(3)
        terms = [f"{weight:+.2f} {name}" for name, weight in largest.items() if abs(weight) >= 0.1]
        say("\\n".join([f"{share:.0%} of the variance:", *terms]))

    return {
        "metrics": {"silhouette": silhouette, "inertia": found.inertia_},
        "figures": {"map": figure},
        "tables": {
            "rows": rows.drop(columns="split", errors="ignore").assign([[GROUP]]=group),
            "medians": rows[COLUMNS].groupby(group).median().rename_axis("[[GROUP]]").reset_index(),
        },
        "findings": {
            "groups": f"{groups} groups ({sizes} rows): a silhouette of {silhouette:.2f} means {clear} "
            "(1 is the best; below 0.25 there are no clear groups)."
        },
    }
'''

LINE = 110
"""Characters of a line of names."""


def write_code(columns: Sequence[str], groups: int, taken: Sequence[str]) -> str:
    """The module's text.

    Args:
        columns: the numbers by which rows are compared, by the recipe's names.
        groups: how many are looked for.
        taken: all columns of the recipe.
    """
    name = "group"
    while name in taken:
        name = f"found_{name}"
    text = CODE.replace("[[GROUPS]]", str(groups)).replace("[[GROUP]]", name)
    return text.replace("[[COLUMNS]]", _write_list(columns))


def _write_list(columns: Sequence[str]) -> str:
    whole = ", ".join(json.dumps(column) for column in columns)
    if len(whole) <= LINE - len("COLUMNS = []"):
        return f"[{whole}]"
    return "\n".join(["[", *(f"    {line}" for line in wrap(f"{whole},", LINE - 4, break_on_hyphens=False)), "]"])
