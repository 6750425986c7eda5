"""The page: well formed, safe, self-contained, and silent about what was not measured."""

from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from typing import Any

import pytest

from nnfpga.report import to_html


class Reader(HTMLParser):
    """Checks that tags balance; collects tags, attributes, headings and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)
        if self.open and self.open[-1] != "style":
            self.words.append(data)


SECTIONS = ["Notes", "Accuracy", "Speed", "Network", "Layers", "Resources", "Compile time", "Input and output", "Tools"]

KEYS = {
    "Notes": ["notes"],
    "Accuracy": ["float", "fixed"],
    "Speed": ["latency_cycles", "latency_us", "interval_cycles", "clock_mhz", "fmax_mhz", "inferences_per_second"],
    "Resources": ["resources", "estimate"],
    "Compile time": ["seconds"],
    "Input and output": ["input", "output"],
    "Tools": ["versions"],
}


def test_everything_measured(report: dict[str, Any]) -> None:
    page = Reader(to_html(report))
    assert page.headings == SECTIONS
    for words in ("digits.onnx", "Fits", "Met", "Exact", "97.22 %", "8.833 µs", "1,012 ±15 %", "of 5,280", "zero, one"):
        assert words in page.words
    assert "The link is the limit: the core could do 15,775 times as many inferences." in page.words


@pytest.mark.parametrize("section", KEYS)
def test_a_section_without_figures_vanishes(report: dict[str, Any], section: str) -> None:
    for key in KEYS[section]:
        del report[key]
    assert Reader(to_html(report)).headings == [name for name in SECTIONS if name != section]


def test_no_layers_no_picture(report: dict[str, Any]) -> None:
    del report["layers"]
    page = Reader(to_html(report))
    assert page.headings == [name for name in SECTIONS if name not in ("Network", "Layers")]
    assert "svg" not in page.tags


def test_nothing_but_the_model() -> None:
    page = Reader(to_html({"model": "m.onnx"}))
    assert not page.tags & {"main", "section", "ul", "dl", "table", "svg"}
    assert "m.onnx" in page.words
    assert "nnfpga report" in Reader(to_html({})).words


def test_empty_containers_are_absent() -> None:
    empty: dict[str, Any] = {
        "model": "m",
        "float": {},
        "exact": {},
        "layers": [],
        "seconds": {},
        "input": {},
        "notes": [],
    }
    assert to_html(empty) == to_html({"model": "m"})


def test_columns_that_nobody_fills_are_absent() -> None:
    page = Reader(to_html({"layers": [{"name": "a", "kind": "dense"}]}))
    assert [word for word in page.words if word in ("Layer", "Kind", "Shape", "Cycles", "Weights")] == ["Layer", "Kind"]


def test_what_an_integer_is_worth() -> None:
    page = Reader(to_html({"input": {"low": -128, "high": 127, "scale": 0.0078125}}))
    place = page.words.index("Integers")
    assert page.words[place : place + 4] == ["Integers", "-128 to 127", "One unit", "0.0078125"]


def test_self_contained(report: dict[str, Any]) -> None:
    text = to_html(report)
    page = Reader(text)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "base"}
    assert not {name for name, _ in page.attributes} & {"src", "href", "srcset", "xlink:href"}
    assert not re.search(r"https?:|//|@import|url\(", text)


def test_figures_are_images(report: dict[str, Any]) -> None:
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    page = Reader(to_html({**report, "figures": [{"title": "Closed loop", "svg": svg}, {"title": "no picture"}, 3]}))
    assert "script" not in page.tags
    assert "Closed loop" in page.headings
    (source,) = (value for name, value in page.attributes if name == "src")
    assert b64decode(source.removeprefix("data:image/svg+xml;base64,")).decode() == svg


EVIL = "<script>alert('1')</script>\"&"


def poisoned(value: Any) -> Any:
    """Every text of a report made evil, keys of free choice too."""
    if isinstance(value, dict):
        return {key: poisoned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    return EVIL if isinstance(value, str) else value


def test_all_text_is_escaped(report: dict[str, Any]) -> None:
    evil: dict[str, Any] = poisoned(report)
    evil["seconds"] = {EVIL: 1.0}
    evil["versions"] = {EVIL: EVIL}
    evil["input"]["frame"] = {EVIL: EVIL}
    evil["output"]["frame"] = [{EVIL: [EVIL]}]
    page = Reader(to_html(evil))
    assert "script" not in page.tags
    assert page.headings == SECTIONS
    clean = Reader(to_html(report))
    assert {name for name, _ in page.attributes} <= {name for name, _ in clean.attributes}
    assert sum(word.count(EVIL) for word in page.words) > 40


def test_can_be_written_as_utf8() -> None:
    text = to_html({"model": "a\udc80\x00\x1bb"})
    assert text.encode()
    assert "<h1>a???b</h1>" in text


@pytest.mark.parametrize("count", [1, 2, 3, 30])
def test_picture_holds_every_layer_without_overlap(count: int) -> None:
    layers = [{"name": f"layer{i}", "kind": "dense", "output_shape": [i]} for i in range(count)]
    text = to_html({"layers": layers})
    for picture in re.findall(r"<svg.*?</svg>", text):
        found = re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', picture)
        places = [tuple(map(int, place)) for place in found]
        assert len(places) == count + 2
        wide, high = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)"', picture)[0])
        for i, (x, y, w, h) in enumerate(places):
            assert x + w <= wide
            assert y + h <= high
            assert all(x + w < u or u + w < x or y + h < v or v + h < y for u, v, _, _ in places[:i])
        assert picture.count('class="head"') == count + 1


def test_headers_and_names_for_screen_readers(report: dict[str, Any]) -> None:
    text = to_html(report)
    page = Reader(text)
    identities = [value for name, value in page.attributes if name == "id"]
    assert len(identities) == len(set(identities))
    assert {value for name, value in page.attributes if name == "aria-labelledby"} == set(identities)
    assert all("scope=" in header for header in re.findall(r"<th[ >][^>]*", text))
    assert 'aria-label="Data flow: input, /fc1/Gemm (dense), argmax (arg-max), output"' in text


def contrast(one: str, other: str) -> float:
    """Contrast of two colours as WCAG 2.1 defines it."""

    def light(colour: str) -> float:
        digits = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05

    return max(light(one), light(other)) / min(light(one), light(other))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast(scheme: int) -> None:
    sheet = to_html({}).split(":root{")[scheme + 1].split("}")[0]
    colours = dict(re.findall(r"--([a-z-]+):#([0-9a-f]+)", sheet))
    pairs = [("text", ground) for ground in ("page", "card", "tint", "good-tint", "bad-tint", "warn-tint")]
    pairs += [("soft", ground) for ground in ("page", "card", "tint", "good-tint", "bad-tint")]
    pairs += [("accent", "card"), ("accent", "tint"), ("good", "good-tint"), ("bad", "bad-tint"), ("warn", "warn-tint")]
    assert [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5] == []
