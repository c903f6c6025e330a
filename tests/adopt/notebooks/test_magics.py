import pytest

from adopt.notebooks.magics import find_plain_text
from adopt.notebooks.records import Magic, MagicUse


@pytest.mark.parametrize(
    ("source", "text", "magics"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1\n", [("%matplotlib inline", "dropped")]),
        ("df.head?", "pass\n", [("%pinfo df.head", "dropped")]),
        ("%time x = f()", "x = f()\n", [("%time x = f()", "unwrapped")]),
        ("y = %time f(x)", "y = f(x)\n", [("%time f(x)", "unwrapped")]),
        ("%timeit f(x)", "pass\n", [("%timeit f(x)", "dropped")]),
        (
            "%%time\nx = 1  # one\n\n%time y = 2",
            "x = 1  # one\n\ny = 2\n",
            [("%%time", "unwrapped"), ("%time y = 2", "unwrapped")],
        ),
        ("%%html\n<b>", "pass\n", [("%%html", "dropped")]),
        ("%%bash\nls", "get_ipython().run_cell_magic('bash', '', 'ls\\n')\n", [("%%bash", "kept")]),
        ("x = !cat a", "x = get_ipython().getoutput('cat a')\n", [("!cat a", "kept")]),
        ("if a:\n    !ls {b}\n", "if a:\n    get_ipython().system('ls {b}')\n", [("!ls {b}", "kept")]),
        (
            "if a:\n    %time for x in b: c()\n",
            "if a:\n    for x in b: c()\n",
            [("%time for x in b: c()", "unwrapped")],
        ),
        ("%cd data", "get_ipython().run_line_magic('cd', 'data')\n", [("%cd data", "kept")]),
        ("s = '''\n!ls\n%time x\n'''\n", "s = '''\n!ls\n%time x\n'''\n", []),
        ("é = 'ä'\n%pwd\n", "é = 'ä'\npass\n", [("%pwd", "dropped")]),
        ("print 'x'", "print 'x'", []),
    ],
)
def test_a_cell_becomes_plain_python(source: str, text: str, magics: list[tuple[str, str]]) -> None:
    found, named = find_plain_text(source, 3)
    assert found.rstrip("\n") == text.rstrip("\n")
    assert [(magic.line, magic.use.value) for magic in named] == magics


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ("!pip install -q seaborn", ["seaborn"]),
        ("%pip install 'a>=2' b==1", ["a>=2", "b==1"]),
        ("pip install a", ["a"]),
        ("!{sys.executable} -m pip install a && pip3 install b", ["a", "b"]),
        ("!conda install -c conda-forge -y lightgbm", ["lightgbm"]),
        ("!pip install -r requirements.txt", []),
        ("!apt-get install -y graphviz", []),
        ("!pip uninstall -y a", []),
    ],
)
def test_nothing_is_installed(source: str, packages: list[str]) -> None:
    text, magics = find_plain_text(source, 1)
    assert text == "pass\n"
    line = source if source.startswith(("!", "%")) else f"%{source}"
    assert magics == (Magic(1, line, MagicUse.REQUIREMENT, tuple(packages)),)
