"""Things that are easily forgotten: large numbers, truth in many spellings, signs of money, dates of either order."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cases.case import CATEGORY, FLOAT, INT, Case, Col, any_of, draw, write_table


def write_tweets(folder: Path) -> str:
    """Posts of a network: ids of 19 digits, authors who come again, a text with line breaks."""
    random, rows = draw("posts"), []
    authors = random.integers(10**18, 9 * 10**18, 60)
    for number in range(320):
        post, author = 1650000000000000001 + number * 7919 * 10**9, int(random.choice(authors))
        mood, when = random.choice(["happy", "tired", "late"]), random.choice(["again", "finally"])
        text = f"So {mood} today, {when}!\nSee you, #{number}"
        likes = int(random.gamma(1, 30))
        kind = random.choice(["original", "reply", "quote"], p=[0.5, 0.3, 0.2])
        rows.append(
            (post, author, text, random.choice(["en", "de", "fr"]), int(likes / 4 + random.integers(0, 5)), likes, kind)
        )
    header = ("tweet_id", "author_id", "text", "lang", "retweets", "likes", "kind")
    return write_table(folder / "tweets.csv", header, rows)


TWEETS = Case(
    "tweets",
    "large numbers",
    write_tweets,
    {
        "tweet_id": Col(any_of("int", "text"), any_of("id", "ignore"), says=("2^53", "9,007,199,254,740,992", "53")),
        "author_id": Col(any_of("int", "text", "category"), "group"),
        "text": Col("text", "ignore"),
        "lang": CATEGORY,
        "retweets": INT,
        "likes": Col("int", any_of("input", "target")),
        "kind": Col("category", any_of("input", "target")),
    },
    target=any_of("kind", "likes"),
    task=any_of("classes", "regression"),
    rows=320,
)

SPELLINGS: Mapping[str, tuple[str, str]] = {
    "yes_no": ("yes", "no"),
    "letters": ("Y", "N"),
    "true_false": ("True", "False"),
    "ones": ("1", "0"),
    "german": ("ja", "nein"),
}


def write_truths(folder: Path) -> str:
    """A checklist of 19 items: five spellings of true and false, one of them with gaps."""
    random, rows = draw("truths"), []
    forms = list(SPELLINGS.values())
    for _ in range(300):
        truths = random.random(19) < 0.5
        truths[18] = random.random() < 1 / (1 + np.exp(3 - truths[:6].sum()))
        cells = [forms[item % 5][0 if is_true else 1] for item, is_true in enumerate(truths)]
        if random.random() < 0.1:
            cells[6] = ""
        rows.append(cells)
    header = [f"item_{number:02d}_{list(SPELLINGS)[(number - 1) % 5]}" for number in range(1, 19)]
    return write_table(folder / "checklist.csv", [*header, "passed"], rows)


TRUTH = {
    "german": Col(any_of("bool", "category"), truth=("ja", "nein")),
    "ones": Col(any_of("int", "bool")),
}
TRUTHS = Case(
    "truths",
    "truth values",
    write_truths,
    {
        f"item_{number:02d}_{spelling}": TRUTH.get(spelling, Col(any_of("bool", "category"), null=number == 7))
        for number in range(1, 19)
        for spelling in [list(SPELLINGS)[(number - 1) % 5]]
    }
    | {"passed": Col(any_of("int", "bool"), "target")},
    target="passed",
    task="binary",
    rows=300,
)


def write_signs(folder: Path) -> str:
    """A bank's product list: percent and dollar signs beside numbers."""
    random, rows = draw("signs"), []
    for number in range(200):
        rate, fee = float(random.uniform(0.5, 19)), float(random.gamma(1.5, 300))
        months, branch = int(random.choice([12, 24, 36, 60])), random.choice(["online", "branch"])
        rows.append(
            (
                f"P-{number:04d}",
                branch,
                months,
                f"{rate:.2f}%",
                f"${fee:,.2f}",
                random.integers(1, 6),
                round(float(random.uniform(1, 9)), 1),
                random.integers(18, 66),
                random.choice(["retail", "sme"]),
                random.integers(0, 40),
                random.choice(["low", "mid", "high"]),
                "closed" if random.random() < rate / 25 else "open",
            )
        )
    header = (
        "product",
        "channel",
        "months",
        "rate",
        "fee",
        "rating",
        "score",
        "min_age",
        "segment",
        "complaints",
        "risk",
        "status",
    )
    return write_table(folder / "products.csv", header, rows)


SIGNS = Case(
    "signs",
    "percent and currency",
    write_signs,
    {
        "product": Col("text", any_of("id", "ignore")),
        "channel": CATEGORY,
        "months": Col(any_of("int", "category")),
        "rate": Col("float", "input", says=("25% is 25",)),
        "fee": Col("float", "input", says=("$",)),
        "rating": INT,
        "score": FLOAT,
        "min_age": INT,
        "segment": CATEGORY,
        "complaints": INT,
        "risk": Col("category", any_of("input", "target")),
        "status": Col("category", any_of("input", "target")),
    },
    target=any_of("status", "risk"),
    task=any_of("binary", "classes"),
    rows=200,
)


def write_ambiguous(folder: Path) -> str:
    """Invoices of the first twelve days of each month: day and month look alike."""
    random, rows = draw("ambiguous"), []
    for number in range(220):
        net = round(float(random.gamma(2, 200)), 2)
        rows.append(
            (
                f"INV{number:05d}",
                f"{random.integers(1, 13):02d}/{random.integers(1, 13):02d}/2022",
                net,
                random.choice(["card", "transfer", "cash"]),
                random.integers(1, 9),
                random.choice(["A", "B"]),
                round(net * 0.2 + float(random.normal(0, 4)), 2),
            )
        )
    header = ("invoice", "invoice_date", "net", "method", "items", "branch", "shipping_cost")
    return write_table(folder / "invoices.csv", header, rows)


AMBIGUOUS = Case(
    "ambiguous",
    "ambiguous dates",
    write_ambiguous,
    {
        "invoice": Col("text", any_of("id", "ignore")),
        "invoice_date": Col(
            "time", any_of("time", "input"), keys={"time_format": any_of("%d/%m/%Y", "%m/%d/%Y")}, asks=True
        ),
        "net": FLOAT,
        "method": CATEGORY,
        "items": INT,
        "branch": CATEGORY,
        "shipping_cost": Col("float", "target"),
    },
    target="shipping_cost",
    task="regression",
    rows=220,
)

SUBJECTS = ("government", "liberty", "commerce", "the union", "an army", "taxes", "the senate")
HABITS = {
    "hamilton": ("upon", "there is", "would be"),
    "madison": ("on", "whilst", "consequently"),
    "jay": ("against", "them", "unto"),
}
PEOPLE = ("we", "the people", "states")
VERBS = ("consider", "judge", "dwell")


def _essay(random: np.random.Generator, author: str) -> str:
    words = HABITS[author]
    sentences = [
        f"It is {random.choice(words)} {random.choice(SUBJECTS)} that {random.choice(PEOPLE)} "
        f"{random.choice(['must', 'may', 'shall'])} {random.choice(words)} {random.choice(VERBS)}."
        for _ in range(90)
    ]
    return "To the people of the State:\n\n" + " ".join(sentences) + "\n"


def write_author_folders(folder: Path) -> str:
    """A folder per author with texts in it."""
    random = draw("author_folders")
    for author, count in (("hamilton", 10), ("madison", 9), ("jay", 5)):
        (folder / "essays" / author).mkdir(parents=True)
        for number in range(1, count + 1):
            (folder / "essays" / author / f"{number:02d}.txt").write_text(_essay(random, author), encoding="utf-8")
    return str(folder / "essays")


def write_author_names(folder: Path) -> str:
    """One folder of texts, the author in the file's name."""
    random = draw("author_names")
    (folder / "papers").mkdir()
    for author, count in (("hamilton", 9), ("madison", 8), ("jay", 6)):
        for number in range(1, count + 1):
            (folder / "papers" / f"{author}_{number:02d}.txt").write_text(_essay(random, author), encoding="utf-8")
    return str(folder / "papers")


DOCUMENTS = {
    "item": Col("text", any_of("id", "ignore")),
    "@label": Col("category", "label"),
    "@input": Col("text", "input"),
}
FOLDERS = Case(
    "author_folders",
    "folder of texts",
    write_author_folders,
    DOCUMENTS,
    target="@label",
    task="authorship",
    rows=24,
    ingest={"format": any_of(None, "text")},
)
NAMES = Case(
    "author_names",
    "folder of texts",
    write_author_names,
    DOCUMENTS,
    target="@label",
    task="authorship",
    rows=23,
    ingest={"format": any_of(None, "text")},
)

CASES = (TWEETS, TRUTHS, SIGNS, AMBIGUOUS, FOLDERS, NAMES)
