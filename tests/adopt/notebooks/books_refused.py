"""Texts of notebooks that must be refused, in percent format, each for the cause that its name says."""

PYTHON_2 = """
# %%
import pandas as pd
df = pd.read_csv("houses.csv")
# %%
print "rows", len(df)
"""

OUT_OF_ORDER = """
# %%
import pandas as pd
df = pd.read_csv("houses.csv")
# %%
df = df[df["area"] > threshold]
# %%
threshold = 50
"""

MISSING_FILE = """
# %%
import pandas as pd
# %%
df = pd.read_csv("../input/train.csv")
# %%
df.mean(numeric_only=True)
"""

PANDAS_KEYWORD = """
# %%
import pandas as pd
# %%
df = pd.read_csv("houses.csv", error_bad_lines=False)
# %%
df.dropna().describe()
"""

PANDAS_METHOD = """
# %%
import pandas as pd
# %%
df = pd.read_csv("houses.csv")
df = df.append(df.iloc[0])
# %%
df.plot()
"""

NUMPY_ALIAS = """
# %%
import numpy as np
import pandas as pd
# %%
df = pd.read_csv("houses.csv").dropna()
df["rooms"] = df["rooms"].astype(np.int)
# %%
df.plot()
"""

SKLEARN_IMPORT = """
# %%
import pandas as pd
from sklearn.cross_validation import train_test_split
# %%
df = pd.read_csv("houses.csv")
a, b = train_test_split(df)
"""

SKLEARN_KEYWORD = """
# %%
import pandas as pd
from sklearn.preprocessing import OneHotEncoder
# %%
df = pd.read_csv("houses.csv").dropna()
towns = OneHotEncoder(sparse=False).fit_transform(df[["town"]])
# %%
print(towns.mean())
"""

MISSING_PACKAGES = """
# %%
import pandas as pd
import nowhere_plots
import nowhere_models.trees as trees
from nowhere_idle import helper
# %%
df = pd.read_csv("houses.csv")
nowhere_plots.draw(df)
# %%
trees.fit(df)
"""

ANOTHER_LANGUAGE = """
# %%
library(dplyr)
houses <- read.csv("houses.csv")
"""

NOTHING_CROSSES = """
# %%
import numpy as np
# %%
x = np.arange(10)
# %%
print("sum", x.sum())
"""

LOGIN = """
# %%
import urllib.request

import pandas as pd
# %%
df = pd.read_csv(urllib.request.urlopen("{url}/private.csv"))
# %%
df.plot()
"""

TWO_DATA_SETS = """
# %%
import pandas as pd
from sklearn.linear_model import LinearRegression
# %%
houses = pd.read_csv("houses.csv").dropna()
houses = houses[houses["area"] > 50]
# %%
a = LinearRegression().fit(houses[["area"]], houses["price"])
print("houses", a.score(houses[["area"]], houses["price"]))
# %%
temps = pd.read_csv("temps.csv", parse_dates=["day"]).dropna()
temps["number"] = range(len(temps))
# %%
b = LinearRegression().fit(temps[["number"]], temps["temp"])
print("temps", b.score(temps[["number"]], temps["temp"]))
"""
