"""What browsers call themselves, in few words."""

from __future__ import annotations

import pytest

from serverkit.web.user_agents import browser_words

X11 = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (X11 + "HeadlessChrome/156.0.0.0 Safari/537.36", "Chrome 156, Linux"),
        (X11.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64") + "Chrome/130.0 Safari/537.36 Edg/130.0", "Edge 130, Windows"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128, Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "Safari 17, macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1", "Safari 17, iOS"),
        ("curl/8.5.0", "curl 8"),
        ("Browser", "Browser"),
        ("Mozilla/5.0 " + "x" * 300, "Mozilla/5.0 " + "x" * 28),
        ("", "unknown"),
    ],
)  # fmt: skip
def test_a_browser_is_named_with_its_number_and_its_system(agent: str, words: str) -> None:
    """A session names browser and system; what is not known is shown as it is, cut."""
    assert str(browser_words(agent)) == words
