"""What stands above the cells becomes the docstring of a stage."""

from pathlib import Path

from tracing import divide

from adopt.notebooks.records import Stage
from adopt.notebooks.words import describe_part


def test_names_keep_their_underscores_and_emphasis_goes(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "a.csv").write_text("x,y\n1,2\n3,4\n5,5\n")
    read = "import pandas as pd\nfrom sklearn.linear_model import LinearRegression\ndf = pd.read_csv('a.csv')"
    fit = "lr = LinearRegression().fit(df[['x']], df['y'])"
    markdown = "#md ## Fit `unit_price` on _all_ **rows**, see [the page](x_y.html)"
    split = divide(tmp_path / "book", read, markdown, fit)
    model = [split.statements[index] for index in split.parts[-1].statements]
    assert describe_part(model, Stage.MODEL) == "Fit unit_price on all rows, see the page."
