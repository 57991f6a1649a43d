"""What becomes of a language model's answer."""

import pytest

from adapters.video_model.diffusers.text.answers import CUT, ECHO, NO_TEXT, EnhancedPrompt, judged

INSTRUCTIONS = (
    'You are an assistant.\n#### Example output: A woman at a small wooden table by the window, 2 cups, says: "I think '
    "we're right on time!\" In the background, a café barista\nprepares drinks at the counter."
)


def test_a_good_answer_is_taken_in_one_line() -> None:
    answer = "  A dog runs.\n\nIts ears fly — “wuff”!\t The end. "
    assert judged(answer, "a dog", INSTRUCTIONS) == EnhancedPrompt("A dog runs. Its ears fly — “wuff”! The end.")


@pytest.mark.parametrize("answer", ["", " \n ", "... !?", "123 456", "\x00\x01\x02", "\ufffd\ufffd", "a\x00b\x01c\x02"])
def test_no_usable_text_leaves_the_prompt_as_it_is(answer: str) -> None:
    assert judged(answer, "a dog", INSTRUCTIONS) == EnhancedPrompt("a dog", NO_TEXT)


def test_a_single_broken_character_is_dropped() -> None:
    assert judged("A dog runs along the beach\ufffd", "a dog", INSTRUCTIONS) == EnhancedPrompt(
        "A dog runs along the beach"
    )


@pytest.mark.parametrize("language", ["Собака бежит по пляжу.", "一只狗在海滩上奔跑。", "कुत्ता दौड़ता है"])
def test_other_scripts_are_text(language: str) -> None:
    assert judged(language, "a dog", INSTRUCTIONS).text == language


@pytest.mark.parametrize(
    "answer",
    [
        "A woman at a small wooden table by the window, 2 cups, says: “I think we're right on time!”",
        "a woman at a small wooden table by the window - 2 cups - says: 'I think we're right on time!' And a dog.",
    ],
)
def test_its_own_example_is_no_answer(answer: str) -> None:
    assert judged(answer, "a dog", INSTRUCTIONS) == EnhancedPrompt("a dog", ECHO)


def test_a_phrase_of_the_example_is_allowed() -> None:
    answer = (
        "A dog and a woman at a small wooden table by the window, 2 cups, says nothing, looking out at the rain while "
        "a clock ticks and a kettle begins to sing in the kitchen next door, softly at first and then louder"
    )
    assert judged(answer, "a dog", INSTRUCTIONS) == EnhancedPrompt(answer)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("First one. " + "Runs and runs. " * 700, ("First one. " + "Runs and runs. " * 666).strip()),
        ('He says "stop." ' + "run " * 3000, 'He says "stop."'),
        ("一只狗在跑。" + "跑" * 10_000, "一只狗在跑。"),
        ("One. " + "x" * 9993 + " 3.14 " + "y" * 50, "One."),
        ("run " * 3000, ("run " * 2500).strip()),
        ("run" * 4000, ("run" * 4000)[:10_000]),
        ("x" * 10_000 + " tail", "x" * 10_000),
    ],
)
def test_a_long_answer_is_cut_where_a_sentence_or_a_word_ends(answer: str, expected: str) -> None:
    assert judged(answer, "a dog", INSTRUCTIONS) == EnhancedPrompt(expected, CUT)


def test_an_answer_of_the_largest_length_is_whole() -> None:
    assert judged("x" * 10_000, "a dog", INSTRUCTIONS) == EnhancedPrompt("x" * 10_000)
