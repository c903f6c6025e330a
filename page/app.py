"""The page: run a recipe, look at its data, ask and compare its models. `python -m model page` serves it."""

import streamlit as st

from page.shell.frame import RECIPE, choose_recipe, settings_now, told_in_words

# A drawing of our own: Streamlit would fetch an emoji or a named icon from the network.
ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke-width="3">
<path d="M4 16h24" stroke="#8A8A8A"/><circle cx="6" cy="16" r="4.5" fill="#0072B2"/>
<circle cx="16" cy="16" r="4.5" fill="#E69F00"/><circle cx="26" cy="16" r="4.5" fill="#009E73"/></svg>"""

# Before the navigation: it would make the icon of the screen that of the window.
st.set_page_config(page_icon=ICON, layout="wide")

home = st.Page("screens/home.py", title="Home", icon=":material/home:", default=True)
run = st.Page("screens/run.py", title="Run", icon=":material/play_arrow:", url_path="run")
new = st.Page("screens/new.py", title="New", icon=":material/add:", url_path="new")
page = st.navigation(
    [
        home,
        run,
        new,
        st.Page("screens/data.py", title="Data", icon=":material/table_chart:", url_path="data"),
        st.Page("screens/models.py", title="Models", icon=":material/deployed_code:", url_path="models"),
        st.Page("screens/predict.py", title="Predict", icon=":material/query_stats:", url_path="predict"),
        st.Page("screens/monitor.py", title="Monitor", icon=":material/monitor_heart:", url_path="monitor"),
        st.Page("screens/compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
    ],
    position="top",
)

# A link of the form `/?recipe=linear`, which led to Run before there was a home.
if page == home and RECIPE in st.query_params:
    st.switch_page(run, query_params={RECIPE: st.query_params[RECIPE]})

# Streamlit's own download of a table writes cells as they are, which a spreadsheet may run as formulas.
st.html('<style>[data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]){display:none}</style>')

# Streamlit writes white on the first colour, which is light on a dark ground.
if st.context.theme.type == "dark":
    st.html('<style>[data-testid="stBaseButton-primary"]:not(:disabled) {color: #12171D}</style>')

settings = settings_now()
with told_in_words(settings):
    st.set_page_config(page_title=f"{page.title} · Relay")
    if page not in (home, new):  # they are about all recipes, or about none that is there
        choose_recipe(settings)
    page.run()
