"""The reader of BibTeX, held against the book's own file and against a library for it."""

from pathlib import Path

import pytest

from drr_tutorial.lab.notebooks.citations import read_sources, who

BIBLIOGRAPHY = Path(__file__).parents[3] / "book" / "references.bib"


def test_fields_accents_and_braces(tmp_path: Path) -> None:
    text = "@article{a,\n author = {Vargas, Sa{\\'u}l and Dud{\\'i}k, M},\n title = {The {MDP} -- again},\n year = 2011\n}\n"
    (tmp_path / "a.bib").write_text(text, encoding="utf-8")
    fields = {"author": "Vargas, Saúl and Dudík, M", "title": "The MDP – again", "year": "2011"}
    assert read_sources(tmp_path / "a.bib") == {"a": fields}
    (tmp_path / "b.bib").write_text("@article{b,\n title = {open", encoding="utf-8")
    with pytest.raises(ValueError, match="a brace that nothing closes"):
        read_sources(tmp_path / "b.bib")


def test_every_source_of_the_book_has_what_a_citation_needs() -> None:
    sources = read_sources(BIBLIOGRAPHY)
    assert len(sources) >= 50
    assert not [key for key, source in sources.items() if not {"author", "year", "title"} <= source.keys()]
    assert not [source for source in sources.values() if set("{}\\") & set("".join(source.values()))]


def test_the_same_as_pybtex_reads() -> None:
    database = pytest.importorskip("pybtex.database", reason="needs the extra 'book'")
    found = read_sources(BIBLIOGRAPHY)
    parsed = database.parse_file(BIBLIOGRAPHY).entries
    assert found.keys() == parsed.keys()
    for key, entry in parsed.items():
        assert found[key]["year"] == entry.fields["year"]
        first = entry.persons["author"][0].rich_last_names
        assert who(found[key]).startswith(" ".join(str(part) for part in first)), key
