from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nnfpga.rtl.link import SlipDecoder, SlipEncoder

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
BOUNDARY = 0x100  # a token's `end` bit lies above its byte

special = st.sampled_from([END, ESC, ESC_END, ESC_ESC, 0, 255])
tokens = st.lists(st.one_of(special, st.integers(0, 255), st.just(BOUNDARY)), min_size=1, max_size=30)
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def stuff(items: list[int]) -> list[int]:
    table = {BOUNDARY: [END], END: [ESC, ESC_END], ESC: [ESC, ESC_ESC]}
    return [byte for item in items for byte in table.get(item, [item])]


def unstuff(line: list[int]) -> list[int]:
    """RFC 1055, with END a boundary wherever it stands."""
    items: list[int] = []
    escaped = False
    for byte in line:
        if byte == END:
            items.append(BOUNDARY)
        elif escaped:
            items.append({ESC_END: END, ESC_ESC: ESC}.get(byte, byte))
        elif byte != ESC:
            items.append(byte)
        escaped = byte == ESC and not escaped
    return items


@quick
@given(items=tokens, seed=st.integers(0, 99))
def test_encodes(items: list[int], seed: int, transfer: Callable[..., list[int]]) -> None:
    line = stuff(items)
    assert transfer(SlipEncoder(), items, len(line), seed=seed) == line


@quick
@given(line=tokens.map(lambda items: [item & 0xFF for item in items]), seed=st.integers(0, 99))
def test_decodes_anything(line: list[int], seed: int, transfer: Callable[..., list[int]]) -> None:
    items = unstuff(line)
    got = transfer(SlipDecoder(), line, len(items), seed=seed)
    assert [item & BOUNDARY or item for item in got] == items


@pytest.mark.parametrize(
    "odd", [[ESC, ESC, 1], [ESC, ESC, ESC_ESC], [ESC, END, ESC_END], [ESC, 7, ESC_ESC], [ESC_END, 5]]
)
def test_decodes_what_no_encoder_sends(odd: list[int], transfer: Callable[..., list[int]]) -> None:
    items = unstuff([*odd, 1])
    got = transfer(SlipDecoder(), [*odd, 1], len(items))
    assert [item & BOUNDARY or item for item in got] == items


@pytest.mark.parametrize("busy", [0.2, 1.0])
def test_there_and_back(busy: float, transfer: Callable[..., list[int]]) -> None:
    items = [*range(256), BOUNDARY] * 2
    line = transfer(SlipEncoder(), items, len(stuff(items)), i_busy=busy, o_busy=busy)
    got = transfer(SlipDecoder(), line, len(items))
    assert [item & BOUNDARY or item for item in got] == items
