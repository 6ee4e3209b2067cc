"""How the log looks, and what never gets into it: tokens of any kind."""

import logging
import os
import re
import sys
from collections.abc import Iterable

from pythonjsonlogger.json import JsonFormatter

_INTERACTION_PATH = re.compile(r"((?:webhooks|interactions)/\d+/)[\w.%-]{20,}")

_TOKEN_FIELD = re.compile(r"""(["']token["']: ?["'])[^"']+""")


class _SecretFilter(logging.Filter):
    """Masks the given secrets, and the tokens that Discord puts into the paths and payloads of interactions."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = tuple(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.msg, record.args = self._masked(record.getMessage()), None
        record.exc_text = record.exc_text and self._masked(record.exc_text)
        return True

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _TOKEN_FIELD.sub(r"\1***", _INTERACTION_PATH.sub(r"\1***", text))


_LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s%(job_suffix)s"


def _json_formatter() -> logging.Formatter:
    return JsonFormatter(
        "%(levelname)s %(name)s %(message)s",
        rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
        timestamp="time",
        json_ensure_ascii=False,
    )


class _JobFormatter(logging.Formatter):
    """One line: time, level, logger, message, and the job where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        job = getattr(record, "job", None)
        record.job_suffix = f" [job {job}]" if job else ""
        return super().format(record)


def set_up_logging(level: str, secrets: Iterable[str] = (), *, as_json: bool = False) -> None:
    """Log to standard error from `level` on, with `secrets` masked wherever they turn up.

    `as_json` is an object a line: time (UTC), level, logger, message, and whatever a line carries, such as its job.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_SecretFilter(secrets))
    handler.setFormatter(_json_formatter() if as_json else _JobFormatter(_LINE, "%Y-%m-%d %H:%M:%S"))
    # transformers has a logger of its own and reads this when it is imported; its hints on optional packages
    # would only puzzle an operator.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("PIL", "httpx", "httpcore", "urllib3", "filelock", "asyncio", "aiosqlite", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
