"""Results in which everything that a student can choose is an attack: on CI logs, Markdown, HTML, XML, terminals."""

from __future__ import annotations

from sheetgen.handin import HandIn
from sheetgen.marking import Answer, Marked
from sheetgen.records import Results

ATTACKS = (
    "::error file=a.py,line=1::forged",
    "x\n::error::second line",
    "x\r::warning::second line",
    "##[error]forged",
    "##vso[task.complete result=Failed;]",
    "50%25%0A::error::escaped",
    "a,title=forged::x",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) ![picture](https://evil.example/p.png) https://evil.example www.evil.example",
    "@someone #1 owner/repo#2 GH-3 mail@evil.example",
    "| a | b |\n|---|---|\n`code` **bold** _it_ ~~no~~ $x$",
    "]]></failure><testcase name='forged'/>&lol;",
    "\x00\x01\x0b\x1b[31m\ud800\ufffe\uffff\u202e",
    "Autograding report",
)


def hostile(count: int = 1) -> Results:
    """``count`` submissions with every attack in every field that a student fills."""
    return Results("alexnet", tuple(_marked(number) for number in range(count)))


def unmarked(text: str) -> Marked:
    return Marked(f"{text}.xlsx", None, "unmarked", f"the sheet {text} cannot be read", 0, 10, ())


def _marked(number: int) -> Marked:
    answers = tuple(
        Answer(
            f"conv{i + 1}.parameters",
            attack,
            "L7",
            attack,
            ("wrong", "unreadable", "follow-through")[i % 3],
            0,
            1,
            (),
            f"conv{i + 1}, Parameters: {attack} is not right.",
            (f"The cell's text is {attack}.",),
        )
        for i, attack in enumerate(ATTACKS)
    )
    more = (
        Answer("conv1.biases", "Table", "K7", "96", "correct", 1, 1),
        Answer("conv2.biases", "Table", "K9", "", "blank", 0, 1, feedback="Left blank."),
        Answer("question.3", "Questions", "C9", ATTACKS[0], "for-a-person", 0, 2, feedback="A person marks this."),
    )
    every = " ".join(ATTACKS)
    return Marked(
        f"{number}{every}.xlsx",
        every,
        "marked",
        None,
        1,
        len(ATTACKS) + 4,
        answers + more,
        open=2,
        notes=(every,),
        summary=(every,),
        hand_in=HandIn(id=str(number), name=every),
        student_cell=every,
    )
