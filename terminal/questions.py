"""Questions in the terminal, each with a check of its answer before the next one comes."""

from collections.abc import Callable
from typing import TypeVar

import click

T = TypeVar("T")


class Unfit(Exception):
    """An answer that can't be taken. The message is a sentence that says why, and what to do."""


class Questions:
    """Asks people, or takes what options of the command line said. With `asks` off, nobody is asked.

    Raises from all methods:
        Unfit: an option's value, or a default that nobody could be asked about, doesn't pass its check.
        click.Abort: Ctrl-C, or there is nothing more to read.
    """

    def __init__(self, *, asks: bool) -> None:
        self.asks = asks

    def settle(self, question: str, given: str | None, default: str, check: Callable[[str], T]) -> T:
        """Find an answer that passes `check`, which returns what is made of it: an option's, or asked until it does."""
        if given is not None or not self.asks:
            return check(default if given is None else given)
        while True:
            try:
                return check(click.prompt(question, default=default or None).strip())
            except Unfit as refusal:
                click.echo(f"  {refusal}")

    def secret(self, question: str, check: Callable[[str], T]) -> T:
        """The same for what nobody may read over one's shoulder."""
        while True:
            try:
                return check(click.prompt(question, hide_input=True).strip())
            except Unfit as refusal:
                click.echo(f"  {refusal}")

    def agrees(self, question: str, *, unasked: bool) -> bool:
        """Whether somebody says yes; Enter alone says no. `unasked` holds where nobody is asked."""
        return click.confirm(question, default=False) if self.asks else unasked
