"""The `[model]` section of a recipe of texts, `kind = "authorship"`, typed."""

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from relay.handoff.recipe import Section

if TYPE_CHECKING:  # recipes of tables declare this section too, and need nothing of stylometry
    from stylometry.word_lists import WordChoice

WordRule = Literal["letters", "split_apostrophes", "keep_hyphens", "cjk"]
"""As in `stylometry.word_rules`."""

Distance = Literal[
    "count_manhattan",
    "frequency_manhattan",
    "cosine_delta",
    "burrows_delta",
    "eder_delta",
    "min_max",
    "cosine",
    "euclidean",
    "argamon_delta",
    "eder_simple",
    "canberra",
    "entropy",
]

SIZES = {
    "within": {"chunk_chars", "chunk_words", "overlap"},
    "joined": {"chunks"},
    "whole": set[str](),
    "random": {"chunk_words", "samples"},
}
"""The parameter of length that each way of cutting takes."""


class RollingSection(Section):
    """Who writes where along one long text, in windows that overlap."""

    texts: Annotated[list[str], Field(min_length=1)]
    """Titles (column with role "id") of the documents that make the text, one after another."""
    window: Annotated[int, Field(ge=100)] = 5_000
    """Words of a window."""
    step: Annotated[int, Field(ge=1)] = 1_000
    """Words from the start of one window to the start of the next."""

    @model_validator(mode="after")
    def _windows_leave_no_gap(self) -> "RollingSection":
        """`step` is at most `window`."""
        if self.step > self.window:
            raise ValueError(f"step = {self.step} leaves words in no window; expected at most window = {self.window}")
        return self


NEED_TEXT = ("word_rule", "stability", "rolling", "oppose")
"""Parameters that a table of frequencies has no use for."""

MOST_SETTINGS = 500
"""Trees of a consensus: of 1,000 texts, they take minutes."""

WORDS, CULLINGS = range(100, 1_001, 100), (0.0, 0.2, 0.4)
"""What a consensus tree goes through unless the recipe says otherwise."""


class ConsensusSection(Section):
    """A consensus tree over a range of feature numbers and cullings."""

    features: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1, default_factory=lambda: [*WORDS])]
    """Numbers of most frequent n-grams."""
    culling: Annotated[
        list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=1, default_factory=lambda: [*CULLINGS])
    ]
    """Shares of the texts that must hold an n-gram; each is combined with each number of features."""
    least: Annotated[float, Field(ge=0.5, le=1)] = 0.5
    """Share of the trees that a branch must exceed to be drawn."""

    @model_validator(mode="after")
    def _settings_are_few_enough(self) -> "ConsensusSection":
        """`features` and `culling` make at most 500 settings."""
        if (settings := len(self.features) * len(self.culling)) > MOST_SETTINGS:
            raise ValueError(f"features and culling make {settings:,} settings, expected at most {MOST_SETTINGS}")
        return self


class OpposeSection(Section):
    """The words that one label uses in more chunks than another: Zeta."""

    primary: str
    """The label whose words are looked for."""
    secondary: str = ""
    """The label that it is held against. Default: all other known labels together."""
    least: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Difference of the two shares of chunks, from 0 to 1, that a marker must exceed."""
    rare: Annotated[int, Field(ge=1)] = 2
    """Occurrences in the chunks of both that a word needs."""

    @model_validator(mode="after")
    def _labels_differ(self) -> "OpposeSection":
        """`primary` and `secondary` are two labels."""
        if self.primary == self.secondary:
            raise ValueError(f'"{self.primary}" cannot be held against itself; expected two labels')
        return self


class AuthorshipParameters(Section):
    """Documents by their style: chunks, n-gram counts, distances, a map, and whom unknown documents resemble."""

    kind: Literal["authorship"]
    chunking: Literal["within", "joined", "whole", "random"] = "within"
    """within: chunks never cross a document; joined: all documents one after another, cut in equal parts; whole: each
    document is one chunk; random: words drawn at random from each document, by the recipe's seed."""
    chunk_chars: Annotated[int, Field(ge=100)] = 5_000
    """Characters a chunk has, for "within"."""
    chunk_words: Annotated[int, Field(ge=20)] | None = None
    """Words a chunk has instead, for "within" and "random"; not with count_manhattan."""
    overlap: Annotated[int, Field(ge=0)] = 0
    """Characters, or words with chunk_words, that a chunk shares with the one before, for "within"."""
    samples: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Samples drawn from each document, for "random"."""
    chunks: Annotated[int, Field(ge=3)] = 100
    """Number of chunks, for "joined"."""
    units: Literal["chars", "words", "columns"] = "chars"
    """What an n-gram consists of; columns: of a table of frequencies, `[preprocess] kind = "frequencies"`."""
    word_rule: WordRule = "letters"
    """What a word is: letters: letters and what joins them, so that `don't` is one word and `well-known` two;
    split_apostrophes: `don't` is two; keep_hyphens: `well-known` is one; cjk: each Chinese or Japanese character."""
    ngram: Annotated[int, Field(ge=1, le=5)] = 3
    """Characters or words an n-gram has."""
    distance: Distance = "count_manhattan"
    """How far apart two chunks are: count_manhattan is exact and compares counts, so chunks need one length; all others
    compare frequencies, logarithms or z-scores. docs/authorship-settings.md has their names elsewhere."""
    distance_function: str = ""
    """Function of the module beside the recipe that measures instead of `distance`: docs/authorship-settings.md."""
    distance_of: Literal["zscores", "frequencies"] = "zscores"
    """What `distance_function` gets of each text."""
    features: Annotated[int, Field(ge=1)] | None = None
    """Most frequent n-grams that count; default all for count_manhattan, 500 for the others."""
    culling: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the chunks that must hold an n-gram for it to count: those of one text's subject are left out. A number
    above 1 is read as per cent."""
    without: Annotated[list[str], Field(default_factory=list)]
    """Words that no feature may hold: words, names of lists such as "pronouns.en" or "stop_words.la", and files beside
    the recipe such as "names.txt", one word per line. Only for words."""
    start_at: Annotated[int, Field(ge=1)] = 1
    """Rank of the most frequent n-gram that counts: 51 skips the 50 most frequent ones of all texts together."""
    feature_list: str = ""
    """File beside the recipe, such as "words.txt", whose lines are the n-grams that may be features; for words, lines
    with # are comments. Default: all n-grams."""
    compare_with: Literal["text", "centroid"] = "text"
    """What of a label must be near an unknown document: its nearest text, or centroid, the mean of its texts. With
    labels of unequal size the nearest text favours the larger one."""
    projection: Literal["tsne", "pca", "pcoa"] | None = None
    """How distances become two coordinates; default tsne, in time order pca."""
    order: Literal["", "time"] = ""
    """time: documents in the order of the time column."""
    window: Annotated[int, Field(ge=0)] = 0
    """Chunks before and after that do not count as neighbours when the map is judged, for text in time order."""
    stability: bool = False
    """Whether other lengths, numbers of features and distances are tried too; not for "joined"."""

    classifiers: Annotated[list[Literal["knn", "svm", "nsc", "naive_bayes"]], Field(default_factory=list)]
    """Other classifiers that are tried on the same features: k-nearest neighbours, linear SVM, nearest shrunken
    centroids, naive Bayes; each is judged without the document that is asked for. Default: none."""
    unknown: Annotated[list[str], Field(default_factory=list)]
    """Labels of documents whose author is unknown: drawn, but neither judged nor counted as neighbours."""
    candidates: Annotated[list[str], Field(default_factory=list)]
    """Labels that the model tells apart and that unknown documents are compared with; default all known ones."""
    rolling: RollingSection | None = None
    """Who writes where along one long text; not for "joined", nor for count_manhattan. Default: not asked."""
    imposters: bool = False
    """Whether the General Imposters judge every unknown document for every known label."""
    consensus: ConsensusSection | None = None
    """A consensus tree, and the unknown documents, over a range of features and cullings. Default: not asked."""
    oppose: OpposeSection | None = None
    """Words that one label uses in more chunks than another: Craig's and Eder's Zeta. Default: not asked."""
    exports: list[Literal["frequencies", "distances", "coordinates", "network"]] = Field(default_factory=list)
    """Tables for other programs, as CSV and Parquet: frequencies with the list of n-grams; distances; coordinates; the
    three nearest neighbours of each chunk as edges, also as GraphML. Default: none."""
    caveat: str = ""
    """What else goes with the label, in a sentence: it closes the findings."""

    _chosen: "WordChoice" = PrivateAttr(default_factory=lambda: _choose_nothing())

    @property
    def chosen(self) -> "WordChoice":
        """What the lists hold, once they were read."""
        return self._chosen

    def choose(self, chosen: "WordChoice") -> "AuthorshipParameters":
        """The same with what the lists hold, which is in the key by the parameters and the files."""
        copied = self.model_copy()
        copied._chosen = chosen
        return copied

    @model_validator(mode="after")
    def _sizes_fit_the_chunking(self) -> "AuthorshipParameters":
        """Each length belongs to its `chunking`; `stability` is refused with `"joined"`."""
        for other in sorted(set.union(*SIZES.values()) - SIZES[self.chunking]):
            if other in self.model_fields_set:
                raise ValueError(f'{other} has no effect with chunking = "{self.chunking}"; remove one of the two')
        if self.stability and self.chunking == "joined":
            raise ValueError('stability cuts within documents; leave it out, or choose chunking = "within"')
        return self

    @model_validator(mode="after")
    def _one_distance(self) -> "AuthorshipParameters":
        """`distance_function` stands instead of `distance`, and `distance_of` belongs to it."""
        if self.distance_function and "distance" in self.model_fields_set:
            raise ValueError("distance and distance_function both say how to measure; remove one of the two")
        if "distance_of" in self.model_fields_set and not self.distance_function:
            raise ValueError("distance_of has no effect without distance_function; remove it")
        return self

    @property
    def compares_counts(self) -> bool:
        """Whether counts are compared, which need chunks of one length."""
        return self.distance == "count_manhattan" and not self.distance_function

    @model_validator(mode="after")
    def _lists_are_named(self) -> "AuthorshipParameters":
        """`without` needs words; files are named `NAME.txt`, without a folder."""
        if self.without and self.units == "chars":
            raise ValueError('without leaves out words; expected units = "words", or no without')
        for name in (*self.without, *([self.feature_list] if self.feature_list else [])):
            if name.endswith(".txt") and not re.fullmatch(r"\w[\w. -]*\.txt", name):
                raise ValueError(
                    f'"{name}" is no file beside the recipe; expected a name such as "words.txt", no folder'
                )
        if self.feature_list and not self.feature_list.endswith(".txt"):
            raise ValueError(
                f'feature_list = "{self.feature_list}" is no text file; expected a name such as "words.txt"'
            )
        return self

    @model_validator(mode="after")
    def _words_make_chunks(self) -> "AuthorshipParameters":
        """`chunk_words` stands alone and compares frequencies; "random" needs it and single words."""
        by_words = self.chunk_words is not None
        if self.chunking == "random" and (not by_words or self.units == "chars" or self.ngram != 1):
            raise ValueError('chunking = "random" draws words; expected chunk_words, units = "words" and ngram = 1')
        if by_words and self.chunking == "within" and "chunk_chars" in self.model_fields_set:
            raise ValueError("chunk_chars and chunk_words both say how long a chunk is; remove one of the two")
        if by_words and self.compares_counts:
            raise ValueError('chunk_words needs a distance of frequencies, such as distance = "cosine_delta"')
        size = self.chunk_words or self.chunk_chars
        if self.overlap >= size:
            raise ValueError(f"overlap = {self.overlap} is a whole chunk; expected less than {size}")
        return self

    @model_validator(mode="after")
    def _columns_have_no_text(self) -> "AuthorshipParameters":
        """With `units = "columns"`, what needs a text is refused, and a distance of frequencies is needed."""
        if self.units == "columns":
            if self.chunking != "whole" or self.ngram != 1:
                raise ValueError('a row of frequencies cannot be cut; expected chunking = "whole" and ngram = 1')
            if self.compares_counts:
                raise ValueError('units = "columns" needs a distance of frequencies, such as "cosine_delta"')
            asked = [name for name in NEED_TEXT if getattr(self, name) != type(self).model_fields[name].default]
            if asked:
                raise ValueError(f"{asked[0]} needs texts, and a table of frequencies has none; remove it")
        return self

    @model_validator(mode="after")
    def _windows_can_be_compared(self) -> "AuthorshipParameters":
        """`rolling` needs parts of documents, and frequencies: a window is not as long as a known chunk."""
        if self.rolling is not None and self.chunking == "joined":
            raise ValueError('rolling needs parts of documents; expected chunking = "within" or "whole"')
        if self.rolling is not None and self.compares_counts:
            raise ValueError(
                "rolling compares windows with chunks of another length, whose counts differ whatever the style; "
                'expected a distance of frequencies, such as distance = "cosine_delta"'
            )
        return self

    @model_validator(mode="after")
    def _candidates_are_known(self) -> "AuthorshipParameters":
        """`candidates` and `unknown` share no label; a single candidate is refused."""
        if both := sorted(set(self.candidates) & set(self.unknown)):
            raise ValueError(f"{', '.join(both)} cannot be among candidates and unknown; remove it from one")
        if len(set(self.candidates)) == 1:
            raise ValueError("one candidate leaves nothing to tell apart; name two, or none for all known labels")
        return self


def _choose_nothing() -> "WordChoice":
    from stylometry.word_lists import WordChoice

    return WordChoice()
