"""A fingerprint changes with the meaning of the code that a job runs, and with nothing else."""

import pytest

from scoreladder.fingerprint import closure, fingerprint

FILES = {
    "job.py": '"""A job."""\nimport numpy\nfrom library import direct\n\nprint(direct.value())\n',
    "library/__init__.py": '"""A package."""\n',
    "library/direct.py": "from library.deep import indirect\n\ndef value():\n return indirect.X\n",
    "library/deep/__init__.py": "",
    "library/deep/indirect.py": "import library.direct\n\nX = 1\n",
    "library/unrelated.py": "Y = 1\n",
}


@pytest.fixture
def prints(tmp_path):
    """The fingerprint of job.py in a fresh copy of FILES with some files changed."""
    count = iter(range(100))

    def make(changes=()):
        # a new folder each time: files are read once per process
        root = tmp_path / str(next(count))
        for name, text in {**FILES, **dict(changes)}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return fingerprint(root / "job.py", root)

    return make


def test_the_closure_holds_what_is_imported_and_ends_in_cycles(prints, tmp_path):
    prints()
    root = tmp_path / "0"
    found = {str(path.relative_to(root)) for path in closure(root / "job.py", root)}
    assert found == set(FILES) - {"library/unrelated.py"}


def test_where_the_code_lies_does_not_count(prints):
    assert prints() == prints()
    assert len(prints()) == 16 and int(prints(), 16) >= 0


@pytest.mark.parametrize(
    "name, text",
    [
        ("job.py", "import numpy\nfrom library import direct\n\nprint(direct.value())\n"),
        ("job.py", '"""Another."""\n' + FILES["job.py"].split("\n", 1)[1]),
        ("library/direct.py", "# why\n" + FILES["library/direct.py"]),
        ("library/direct.py", FILES["library/direct.py"].replace("indirect.X", "(indirect . X)")),
        ("library/direct.py", FILES["library/direct.py"].replace("():\n", '():\n """One."""\n')),
        ("library/deep/indirect.py", "import library.direct\n\n\n\nX  =  1  # one\n"),
        ("library/__init__.py", ""),
    ],
)
def test_comments_docstrings_and_layout_do_not_count(prints, name, text):
    assert FILES[name] != text
    assert prints({name: text}) == prints()


@pytest.mark.parametrize(
    "name, text",
    [
        ("job.py", FILES["job.py"] + "print(2)\n"),
        ("library/direct.py", FILES["library/direct.py"].replace("X", "X + 0")),
        ("library/deep/indirect.py", FILES["library/deep/indirect.py"].replace("1", "2")),
        ("library/deep/indirect.py", FILES["library/deep/indirect.py"].replace("1", "1.0")),
        ("library/__init__.py", "Z = 1\n"),
        ("library/deep/__init__.py", "Z = 1\n"),
    ],
)
def test_an_edit_of_anything_that_is_imported_counts(prints, name, text):
    assert FILES[name] != text
    assert prints({name: text}) != prints()


def test_an_edit_of_a_module_that_is_not_imported_does_not_count(prints):
    assert prints({"library/unrelated.py": "Y = 2\n"}) == prints()
    assert prints({"numpy_helper.py": "Y = 2\n"}) == prints()


def test_a_newly_imported_module_counts(prints):
    with_import = "import library.unrelated\n" + FILES["library/direct.py"]
    before = prints({"library/direct.py": with_import})
    after = prints({"library/direct.py": with_import, "library/unrelated.py": "Y = 2\n"})
    assert len({before, after, prints()}) == 3


def test_an_import_inside_a_function_counts(prints):
    lazy = FILES["library/direct.py"].replace("():\n", "():\n from library import unrelated\n")
    changed = {"library/direct.py": lazy, "library/unrelated.py": "Y = 2\n"}
    assert prints(changed) != prints({"library/direct.py": lazy})


def test_a_relative_import_counts(prints):
    relative = "from . import unrelated\n" + FILES["library/direct.py"]
    changed = {"library/direct.py": relative, "library/unrelated.py": "Y = 2\n"}
    assert prints(changed) != prints({"library/direct.py": relative})


def test_a_string_that_is_no_docstring_counts(prints):
    text = FILES["library/direct.py"].replace("indirect.X", "'a'")
    assert prints({"library/direct.py": text}) != prints(
        {"library/direct.py": text.replace("'a'", "'b'")}
    )


def test_code_that_does_not_parse_is_an_error(prints):
    with pytest.raises(SyntaxError):
        prints({"library/direct.py": "def value(:\n"})
