from __future__ import annotations

from stepcrew_runner.isolation.redaction import Redactor


def test_a_secret_is_masked_wherever_it_stands() -> None:
    redactor = Redactor()
    redactor.learn("s3cret-value")
    assert redactor.text("a s3cret-value b") == "a [secret] b"
    assert redactor.json({"s3cret-value": ["x", {"y": "=s3cret-value"}], "n": 1, "z": None}) == {
        "[secret]": ["x", {"y": "=[secret]"}],
        "n": 1,
        "z": None,
    }


def test_the_longer_secret_goes_first() -> None:
    redactor = Redactor()
    redactor.learn("abcdef")
    redactor.learn("abcdef-ghijkl")
    assert redactor.text("abcdef-ghijkl abcdef") == "[secret] [secret]"


def test_the_token_of_a_header_is_a_secret_too() -> None:
    redactor = Redactor()
    redactor.learn("Bearer token-1234")
    assert redactor.text("used token-1234") == "used [secret]"


def test_very_short_values_leave_ordinary_text_alone() -> None:
    redactor = Redactor()
    redactor.learn("a")
    redactor.learn("")
    redactor.learn(None)
    assert redactor.text("banana") == "banana"


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert Redactor().json(["a\ud83d", "🐝"]) == ["a?", "🐝"]
