"""Which code of hidden cells stays: as much as later cells use."""

import ast

import pytest

from drr_tutorial.lab.notebooks.names import changed, made, used
from drr_tutorial.lab.notebooks.needs import needed_code, unmet_names
from drr_tutorial.lab.notebooks.source import Cell, code, is_shown, is_solution, prose
from drr_tutorial.lab.notebooks.statements import for_readers, joined, statements
from tests.lab.notebooks.book import tagged


def hidden(source: str) -> Cell:
    return tagged(code(source, "h"), "remove-cell")


def solution(source: str) -> Cell:
    return tagged(code(source, "s"), "solution")


@pytest.mark.parametrize(
    ("source", "uses", "makes", "changes"),
    [
        ("a = b + 1", "b", "a", ""),
        ("a += 1", "a", "a", "a"),
        ("import x.y as z, u.v", "", "z u", ""),
        ("[i + n for i in xs if i]", "n xs", "", ""),
        ("{k: v for k, v in f(m).items()}", "f m", "", ""),
        ("g = lambda x, y=d: x + y + e", "d e", "g", ""),
        ("def h(x):\n    y = x + k\n    return y", "k", "h", ""),
        ("for i in xs:\n    y = i\n    p(y)", "xs p", "i y", "p"),
        ("with o(n) as f:\n    f.write(t)", "o n t", "f", "f"),
        ("a.b.c = d", "a d", "", "a"),
        ("a[i] = d", "a i d", "", "a"),
        ("a.fit(d)", "a d", "", "a"),
        ("x = a.fit(d)", "a d", "x", ""),
        ("if c:\n    q = 1\nelse:\n    q = r", "c r", "q", ""),
        ("(w := v)", "v", "w", ""),
    ],
)
def test_names(source: str, uses: str, makes: str, changes: str) -> None:
    (node,) = ast.parse(source).body
    assert (used(node), made(node), changed(node)) == (set(uses.split()), set(makes.split()), set(changes.split()))


def test_statements_are_the_cell_cut_into_pieces() -> None:
    source = "# first\na = 1; b = 2\n\n%time f()\nif a:\n    !ls\n    c = (\n        3\n    )\n# last"
    parts = statements(source)
    assert joined(parts) == source
    assert [sorted(part.made) for part in parts] == [["a"], [], ["c"]]
    assert statements("") == statements("# only a comment") == []


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("a = 1\nclaim(a > 0, 'so')\nglue(\n    'a', a\n)\nprint(a)", "a = 1\nprint(a)"),
        ("f(x, progress=False)\ng(progress=False, y=1)", "f(x)\ng(y=1)"),
        ("f(x, folder=a, progress=False).fit()", "f(x, folder=a).fit()"),
        ("glue('a', 1)", ""),
    ],
)
def test_what_serves_the_page_only_goes(source: str, kept: str) -> None:
    assert for_readers(source) == kept


def test_of_hidden_cells_stays_what_is_used_and_no_more() -> None:
    cells = [
        hidden("import numpy as np\nimport os\nfrom a import b, c, d"),
        prose("words", "p"),
        hidden("x = np.ones(3)\ny = 2\nx.sort()\nfor name in x:\n    glue(name, 1)"),
        code("z = b(x)", "v"),
        hidden("z = 0\nglue('z', z)"),
    ]
    assert needed_code(cells, is_shown) == [
        "import numpy as np\nfrom a import b",
        "",
        "x = np.ones(3)\nx.sort()",
        "z = b(x)",
        "",
    ]


def test_a_later_shown_cell_that_makes_a_name_itself_needs_no_hidden_one() -> None:
    cells = [hidden("x = 1"), code("x = 2", "a"), code("print(x)", "b")]
    assert needed_code(cells, is_shown) == ["", "x = 2", "print(x)"]


def test_what_solutions_use_is_there_too_but_not_what_they_make() -> None:
    cells = [hidden("n = 1\nm = 2"), solution("k = n + 1\ncheck(k)"), code("print(m)", "v")]
    assert needed_code(cells, is_shown) == ["n = 1\nm = 2", "", "print(m)"]


def test_of_the_books_own_helpers_only_names_in_use_are_imported() -> None:
    imports = "from drr_tutorial.lab.pages import budget, claim, glue, verdict\nfrom other import unused"
    cells = [code(f"{imports}\nclaim(1, 'so')\nn = 1", "a"), code("budget(n, 1)", "b")]
    kept = "from drr_tutorial.lab.pages import budget\nfrom other import unused\nn = 1"
    assert needed_code(cells, is_shown) == [kept, "budget(n, 1)"]


def test_for_solutions_the_chapter_is_cut_to_what_they_use() -> None:
    cells = [
        code("import pandas as pd\nimport plots\na = 1\nlong = train()", "a"),
        code("box = pd.DataFrame()\nbox.add(a)\nplots.draw(long)", "b"),
        solution("check(box)"),
    ]
    assert needed_code(cells, is_solution) == [
        "import pandas as pd\na = 1",
        "box = pd.DataFrame()\nbox.add(a)",
        "check(box)",
    ]


def test_for_solutions_any_call_may_change_an_object_and_a_block_may_not_run() -> None:
    cells = [
        code("env = make()\nstate = env.reset()\nseen = 0\nif state:\n    seen = 1\nother = 2", "a"),
        solution("check(env, seen)"),
    ]
    kept = "env = make()\nstate = env.reset()\nseen = 0\nif state:\n    seen = 1"
    assert needed_code(cells, is_solution, cautious=True)[0] == kept
    assert "reset" not in needed_code([cells[0], solution("check(env)")], is_solution)[0]


def test_unmet_names_are_those_that_nothing_before_has_made() -> None:
    assert unmet_names(["a = b", "b = 1\nprint(a, c)"]) == {"b", "c", "print"}
