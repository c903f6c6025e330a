"""Texts of notebooks that can be adopted, in percent format; corpus.py writes them."""

COURSE = {
    "1.ingest.ipynb": """
# %% [markdown]
# # Download the forum's posts
# %%
import json
import urllib.request

import pandas as pd
# %%
url = "{url}/posts.json"
with urllib.request.urlopen(url) as answer:
    items = json.load(answer)
len(items)
# %%
posts = pd.json_normalize(items)
posts.head()
# %%
posts.to_parquet("raw.parquet", index=False)
""",
    "2.preprocess.ipynb": """
# %%
import pandas as pd
from forum_text import count_words, tidy_name
# %%
df = pd.read_parquet("raw.parquet")
df.columns = [tidy_name(name) for name in df.columns]
df.info()
# %% [markdown]
# Posts without text are of no use, and short ones say little.
# %%
df = df.dropna(subset=["body"])
df["words"] = df["body"].map(count_words)
df["score_bin"] = pd.cut(df["score"], [-10, 0, 20, 100], labels=False)
# %%
min_words = 3
df = df[df["words"] >= min_words]
print("left:", len(df))
# %%
df.to_parquet("clean.parquet", index=False)
""",
    "3.model.ipynb": """
# %%
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.cluster import KMeans
# %%
k = 3
posts = pd.read_parquet("clean.parquet")
# %%
km = KMeans(n_clusters=k, n_init=5, random_state=0)
posts["cluster"] = km.fit_predict(posts[["score", "words"]])
# %%
plt.scatter(posts["score"], posts["words"], c=posts["cluster"], alpha=0.6)
plt.xlabel("score")
plt.ylabel("words")
plt.title("Groups of posts")
plt.show()
# %%
print("inertia", round(km.inertia_, 3))
""",
}

REGRESSION = """
# %%
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
%matplotlib inline
# %% [markdown]
# # The houses
# %%
df = pd.read_csv("houses.csv")
df.head()
# %%
df.describe()
# %%
df["price"].hist(bins=20)
plt.title("prices")
# %% [markdown]
# Rows without an area are dropped; missing rooms become the median.
# %%
df = df.dropna(subset=["area"])
df["rooms"] = df["rooms"].fillna(df["rooms"].median())  # the median of what is left
df = pd.get_dummies(df, columns=["town"])
df.isna().sum()
# %%
X = df.drop(columns="price")
y = df["price"]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=7)
print(X_train.shape, X_test.shape)
# %%
model = LinearRegression()
model.fit(X_train, y_train)
pred = model.predict(X_test)
# %%
rmse = np.sqrt(mean_squared_error(y_test, pred))
print(f"RMSE: {rmse:.2f}")
print("R2:", r2_score(y_test, pred))
# %%
plt.scatter(y_test, pred, alpha=0.5)
plt.xlabel("price")
plt.ylabel("predicted")
"""

KAGGLE = """
# %%
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
# %%
train = pd.read_csv("train.csv")
test = pd.read_csv("test.csv")
# %%
class AreaPerRoom(BaseEstimator, TransformerMixin):
    \"\"\"Adds the area per room.\"\"\"

    def __init__(self, add=True):
        self.add = add

    def fit(self, X, y=None):
        self.n_features_ = 2
        return self

    def transform(self, X):
        X = pd.DataFrame(X)
        if self.add:
            X = X.assign(per_room=X.iloc[:, 0] / X.iloc[:, 1])
        return X
# %%
def add_age(frame):
    frame = frame.copy()
    frame["old"] = (2024 - frame["year"]) > 50
    return frame

train, test = add_age(train), add_age(test)
# %%
prep = ColumnTransformer([
    ("num", make_pipeline(SimpleImputer(), AreaPerRoom()), ["area", "rooms"]),
    ("cat", OneHotEncoder(handle_unknown="ignore"), ["town"]),
])
pipe = make_pipeline(prep, RandomForestRegressor(n_estimators=10, random_state=1))
scores = cross_val_score(pipe, train, train["price"], cv=3)
print("cv", scores.mean())
# %%
pipe.fit(train, train["price"])
submission = pd.DataFrame({"id": test["id"], "price": pipe.predict(test)})
submission.to_csv("submission.csv", index=False)
"""

PLOTS = """
# %%
import pandas as pd
import matplotlib.pyplot as plt
plt.style.use("ggplot")
# %%
t = pd.read_csv("temps.csv", parse_dates=["day"])
t = t.set_index("day")
monthly = t["temp"].resample("MS").mean()
# %%
fig, ax = plt.subplots(1, 2, figsize=(8, 3))
monthly.plot(ax=ax[0])
ax[0].set_title("by month")
ax[1].hist(t["temp"], bins=12)
# %%
t["temp"].rolling(7).mean().plot()
# %%
t["temp"].plot(alpha=0.3)
"""

SERIES = """
# %%
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error
# %% [markdown]
# ## Load
# %%
temps = pd.read_csv("temps.csv", parse_dates=["day"], index_col="day")
temps.plot()
# %% [markdown]
# ## Features
# The values of the last days.
# %%
lags = 3
for i in range(1, lags + 1):
    temps[f"lag{i}"] = temps["temp"].shift(i)
temps["week"] = temps["temp"].rolling(7).mean().shift(1)
temps = temps.dropna()
cut = "2024-10-01"
# %% [markdown]
# ## Model
# %%
train, test = temps[:cut], temps[cut:]
features = [c for c in temps.columns if c != "temp"]
lr = LinearRegression().fit(train[features], train["temp"])
forecast = pd.Series(lr.predict(test[features]), index=test.index)
mae = mean_absolute_error(test["temp"], forecast)
mae
# %%
ax = test["temp"].plot(label="true")
forecast.plot(ax=ax, label="forecast")
ax.legend()
"""

IN_PLACE = """
# %%
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
# %%
df = pd.read_csv("houses.csv")
same = df
# %%
same["big"] = same["area"] > 100
df.loc[df["rooms"].isna(), "rooms"] = 1
df.dropna(inplace=True)
# %%
cols = ["area"]
more = cols
more += ["big"]
cols.append("rooms")
# %%
rng = np.random.default_rng(3)
df.sample(3, random_state=1)
noise = rng.normal(size=len(df))
df.insert(0, "noise", noise)
df.sort_values("price", inplace=True)
# %%
def double(frame):
    frame["area2"] = frame["area"] * 2
double(df)
# %%
numbers = (i for i in range(10))
next(numbers)
first = next(numbers)
df["n"] = df["rooms"] + first
# %%
scaler = StandardScaler()
Z = scaler.fit_transform(df[cols + ["noise", "n", "area2"]])
clf = LogisticRegression()
clf.fit(Z, df["price"] > 200)
print("accuracy:", clf.score(Z, df["price"] > 200))
"""

FUNCTIONS = """
# %%
from math import *
import pandas as pd
from sklearn.linear_model import Ridge
# %%
limit = 200
scale = 10.0
rate = 2
# %%
def shrink(x):
    \"\"\"Logarithm of a scaled value.\"\"\"
    return log(x / scale)

def label(row):
    # uses shrink and a global
    return "high" if shrink(row["area"]) * rate > 4 else "low"
# %%
df = pd.read_csv("houses.csv").dropna()
df = df.query("price < @limit * 3")
df["label"] = df.apply(label, axis=1)
rate = 3
df["label3"] = df.apply(label, axis=1)
df["s"] = df["area"].map(lambda v: shrink(v) + len(f"{rate}"))
# %%
def fit_ridge(frame, alpha=1.0):
    m = Ridge(alpha=alpha)
    m.fit(frame[["area", "s"]], frame["price"] / scale)
    return m
model = fit_ridge(df)
print(f"score {model.score(df[['area', 's']], df['price'] / scale):.4f}, high {(df['label3'] == 'high').mean():.3f}")
"""

SCALED_ALL = """
# %%
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import MinMaxScaler
# %%
df = pd.read_csv("houses.csv").dropna()
df = df[df["area"] < 250]
# %%
scaler = MinMaxScaler()
df[["area", "rooms"]] = scaler.fit_transform(df[["area", "rooms"]])
# %%
tr, te = train_test_split(df, random_state=0)
knn = KNeighborsRegressor(3).fit(tr[["area", "rooms"]], tr["price"])
print("r2", r2_score(te["price"], knn.predict(te[["area", "rooms"]])))
"""

SCALED_TRAIN = """
# %%
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import MinMaxScaler
# %%
df = pd.read_csv("houses.csv").dropna()
df = df[df["area"] < 250]
# %%
X_train, X_test, y_train, y_test = train_test_split(df[["area", "rooms"]], df["price"], random_state=0)
scaler = MinMaxScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)
knn = KNeighborsRegressor(3).fit(X_train, y_train)
print("r2", r2_score(y_test, knn.predict(X_test)))
"""

UNSEEDED = """
# %%
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split
# %%
df = pd.read_csv("houses.csv").dropna()
df["per_room"] = df["area"] / df["rooms"]
# %%
a, b = train_test_split(df, test_size=0.3)
rf = RandomForestRegressor(n_estimators=5).fit(a[["area", "per_room"]], a["price"])
print("score", rf.score(b[["area", "per_room"]], b["price"]))
"""

MARKED = """
# %%
# ingest
import pandas as pd
df = pd.read_csv("houses.csv")
# %%
# preprocess
df = df.dropna()
df["per_room"] = df["area"] / df["rooms"]
# %%
# model
from sklearn.linear_model import LinearRegression
lr = LinearRegression().fit(df[["area", "per_room"]], df["price"])
print("r2", lr.score(df[["area", "per_room"]], df["price"]))
"""

TAGGED = """
# %% tags=["ingest"]
import pandas as pd
df = pd.read_csv("houses.csv")
# %% tags=["preprocess"]
df = df.dropna()
df["per_room"] = df["area"] / df["rooms"]
# %% tags=["model"]
from sklearn.linear_model import LinearRegression
lr = LinearRegression().fit(df[["area", "per_room"]], df["price"])
print("r2", lr.score(df[["area", "per_room"]], df["price"]))
"""

HEADINGS = """
# %% [markdown]
# ## Load the data
# %%
import pandas as pd
df = pd.read_csv("houses.csv")
# %% [markdown]
# ## Clean
# %%
df = df.dropna()
df["per_room"] = df["area"] / df["rooms"]
# %% [markdown]
# ## Train the model
# %%
from sklearn.linear_model import LinearRegression
lr = LinearRegression().fit(df[["area", "per_room"]], df["price"])
print("r2", lr.score(df[["area", "per_room"]], df["price"]))
"""

MAGICS = """
# %%
%matplotlib inline
!pip install pandas -q
import pandas as pd
# %%
%%time
df = pd.read_csv("houses.csv")
# %%
%time small = df[df["area"] < 100].dropna()
small.mean(numeric_only=True)
# %%
from sklearn.linear_model import LinearRegression
lm = LinearRegression().fit(small[["area"]], small["price"])
lm.coef_[0]
"""

REBOUND = """
# %%
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.tree import DecisionTreeRegressor
# %%
data = pd.read_csv("houses.csv")
x = data["price"].max()
data = data[data["price"] < x].dropna()
# %%
x = data[["area", "rooms"]]
y = data["price"]
m = DecisionTreeRegressor(max_depth=3, random_state=0)
m = m.fit(x, y)
m.score(x, y)
# %%
for x in range(3):
    plt.plot(data["area"].head(10) * x)
plt.legend(["a", "b", "c"])
plt.show()
plt.bar(["u", "v"], [1, x])
"""

DICT_CROSSES = """
# %%
import pandas as pd
from sklearn.linear_model import LinearRegression
# %% tags=["ingest"]
df = pd.read_csv("houses.csv")
# %% tags=["preprocess"]
codes = {}
for town in df["town"]:
    codes.setdefault(town, len(codes))
df = df.drop(columns="town").dropna()
# %% tags=["model"]
lr = LinearRegression().fit(df[["area"]], df["price"])
print("r2", lr.score(df[["area"]], df["price"]), codes["ulm"])
"""
