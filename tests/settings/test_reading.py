"""Settings: what operators write is taken, and a mistake is told in one line."""

import json
import os
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from settings.errors import SettingsError
from settings.reading import SettingsReader, load_settings
from settings.settings import Settings
from settings.tokens import read_token
from tests import hostile

ROOT = Path(__file__).parents[2]

PROFILE = """
title = "Mine"
guidance_scale = 4.0
recommended_guidance_scale = [3.0, 5.0]
num_inference_steps = 20
recommended_num_inference_steps = [18, 24]
quality_tags = "masterpiece"
lighter_quality_tags = ""
negative_prompt = "lowres"
tag_order = ["subject", "character", "series", "rating", "tags", "year", "quality"]
"""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("ANIM4GINE_")]:
        monkeypatch.delenv(variable)


def load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def error_for(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as error:
        load(tmp_path, text)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_a_missing_file_means_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "absent.toml")
    assert settings.discord.api_base == "https://discord.com/api/v10"
    assert settings.model.source == "cagliostrolab/animagine-xl-4.0"


def test_a_file_that_was_there_has_to_stay_and_one_that_was_not_may_come(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    reader = SettingsReader(lambda: file)
    assert reader.read() == reader.read() == Settings()
    file.write_text("[limits]\nsteps = 30", encoding="utf-8")
    assert reader.read().limits.steps == 30
    file.unlink()
    for _ in range(2):
        with pytest.raises(SettingsError, match=r"config\.toml: it was there and isn't any more"):
            reader.read()
    file.write_text("[limits]\nsteps = 20", encoding="utf-8")
    assert reader.read().limits.steps == 20


def test_settings_of_ones_own_that_are_gone_do_not_let_the_shipped_ones_take_their_place(
    tmp_path: Path,
) -> None:
    own, shipped = tmp_path / "my.toml", tmp_path / "config.toml"
    shipped.write_text("", encoding="utf-8")
    reader = SettingsReader(lambda: own if own.exists() else shipped)
    assert reader.read() == Settings()
    own.write_text('[policy]\nblocked = ["gun"]', encoding="utf-8")
    assert reader.read().policy.blocked
    own.unlink()
    with pytest.raises(SettingsError, match=r"my\.toml: it was there and isn't any more"):
        reader.read()


def test_the_shipped_file_documents_every_setting_with_its_default() -> None:
    shipped = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    assert load_settings(ROOT / "config.toml") == Settings()
    documented = {f"{section}.{key}" for section, keys in shipped.items() for key in keys}
    known = {
        f"{section}.{key}"
        for section, values in Settings().model_dump().items()
        if section != "profiles"
        for key in values
        if (section, key) not in {("limits", "roles"), ("limits", "servers")}
    }
    assert documented == known


def test_the_environment_outranks_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIM4GINE_LIMITS__QUEUE_LENGTH", "7")
    settings = load(tmp_path, "[limits]\nqueue_length = 9\nprompt_tokens = 150")
    assert (settings.limits.queue_length, settings.limits.prompt_tokens) == (7, 150)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "[limits]\nqueue_length = 0",
            ["config.toml", "limits.queue_length", "0", "greater than or equal to 1"],
        ),
        ("[limits]\nqueue_length = 'many'", ["limits.queue_length", "'many'", "integer"]),
        ("[limits]\nqueue_lenght = 5", ["limits.queue_lenght", "5", "queue_length"]),
        ("[model]\ndtype = 'int8'", ["model.dtype", "'int8'", "bfloat16"]),
        ("[model]\ndevice = 'gpu'", ["model.device", "'gpu'", "cuda"]),
        ("[model]\ndevice = ['cpu', 'gpu']", ["model.device", "cuda"]),
        ("[model]\ndevice = []", ["model.device", "at least one"]),
        (
            "[model]\ndevice = ['cpu', 'cpu']\n[drawing]\nengine = 'ray'",
            ["model.device", "one device", "ray"],
        ),
        (
            "[model]\ndtype = 'float16'\n[drawing]\nfloat8 = true",
            ["model.dtype", "'float16'", "auto or bfloat16", "drawing.float8"],
        ),
        ("[ray]\naddress = 'ray://head:10001'", ["ray.address", "<host>:<port>"]),
        ("[ray]\nmin_replicas = 3", ["ray", "min_replicas", "max_replicas"]),
        ("[model]\nprofile = 'pony'", ["model.profile", "'pony'", "animagine-xl-4.0-opt"]),
        ("[discord]\napi_base = 'discord.com'", ["discord.api_base", "http://"]),
        ("[discord]\nshard_ids = '0-3'", ["discord", "shard_ids needs a number as shard_count"]),
        ("[discord]\nshard_count = 4\nshard_ids = '2-4'", ["discord", "range of 0-3"]),
        ("[discord]\nshard_count = 4\nshard_ids = '3-2'", ["discord", "range of 0-3"]),
        ("[discord]\nshard_count = 4\nshard_ids = 'a'", ["discord.shard_ids", "a range such as 0-3"]),
        (
            "[discord]\nshard_count = 4\nshard_ids = '0-1'",
            ["discord.shard_ids", "'0-1'", "PostgreSQL", "leave shard_ids empty"],
        ),
        ("[drawing]\nexact_replay = true\ncompile = true", ["drawing", "exact_replay", "compile"]),
        ("[policy]\neveryday_ceiling = 'nsfw'", ["policy.everyday_ceiling", "'nsfw'", "sensitive"]),
        ("[modle]\nsource = 'x'", ["modle", "model"]),
        ("limits = 5", ["limits", "5", "table"]),
        ("[limits\n", ["config.toml", "not valid TOML"]),
        (f"[profiles.mine]\n{PROFILE}sampler_ = 1", ["profiles.mine.sampler_", "sampler"]),
        ("[loras.ink]\nwieght = 1", ["loras.ink.wieght", "a LoRA knows title"]),
        (f"[limits]\nqueue_length = {'9' * 5000}", ["config.toml", "too long"]),
        (f"x = {'[' * 2000}{']' * 2000}", ["config.toml", "nested too deep"]),
        ('"a\\nb" = 1', ["a\\nb", "sections"]),
        (f"[profiles.mine]\n{PROFILE}".replace("= 4.0", "= 9.0"), ["profiles.mine", "guidance_scale 9"]),
    ],
)
def test_a_mistake_is_told_with_file_key_value_and_what_is_allowed(
    tmp_path: Path, text: str, parts: list[str]
) -> None:
    message = error_for(tmp_path, text)
    assert [part for part in parts if part not in message] == []


def test_a_mistake_in_the_environment_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANIM4GINE_MODEL__DTYPE", "int8")
    assert "ANIM4GINE_MODEL__DTYPE" in error_for(tmp_path, "")


def test_a_variable_that_should_be_json_and_is_not_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANIM4GINE_POLICY__BLOCKED", "nude")
    message = error_for(tmp_path, "")
    assert "policy" in message
    assert "JSON" in message


def test_a_variable_of_no_section_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANIM4GINE_MODLE__SOURCE", "x")
    assert "ANIM4GINE_MODLE__SOURCE" in error_for(tmp_path, "")


def test_a_file_that_is_no_text_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(file)
    with pytest.raises(SettingsError, match="can't be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "[discord]\ntoken = 'very-secret'",
        "[database]\nurl = 'mysql://me:very-secret@host/db'",
        "[x]\npassword = 'very-secret'",
        "[discord]\nauth = 'very-secret'",
        "[discord]\ntoken_file = ['very-secret']",
        "[database]\nurl = 'very-secret'",
        "[database]\nurl = 'mysql://very-secret@host'",
        "[database]\nurl = 'mysql://host?password=very-secret'",
        "bot = 'very-secret'",
        "[model]\ndevice = 'https://me:a@b very-secret@host'",
    ],
)
def test_a_secret_in_the_wrong_place_is_never_repeated(tmp_path: Path, text: str) -> None:
    assert "very-secret" not in error_for(tmp_path, text)


def test_a_process_may_have_some_of_the_shards_and_is_called_by_them(tmp_path: Path) -> None:
    url = "[database]\nurl = 'postgresql+asyncpg://me@host/db'"
    some = load(tmp_path, f"[discord]\nshard_count = 8\nshard_ids = '4-7'\n{url}").discord
    one = load(tmp_path, f"[discord]\nshard_count = 8\nshard_ids = '3'\n{url}").discord
    every = load(tmp_path, "[discord]\nshard_count = 2\nshard_ids = '0-1'").discord
    auto = load(tmp_path, "").discord
    assert [each.shards for each in (some, one, every, auto)] == [range(4, 8), range(3, 4), range(2), None]
    assert [each.is_one_of_several for each in (some, one, every, auto)] == [True, True, False, False]
    assert [each.instance for each in (some, one, every, auto)] == ["shards 4-7", "shards 3", "all", "all"]


def test_an_operators_own_profile_can_be_named(tmp_path: Path) -> None:
    settings = load(tmp_path, f"[model]\nprofile = 'mine'\n[profiles.mine]{PROFILE}")
    assert (settings.profile.title, settings.profile.guidance_scale) == ("Mine", 4.0)


def test_what_cannot_be_sent_as_a_token_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first-secret\nsecond-secret\n")
    settings = load(tmp_path, f"[discord]\ntoken_file = {json.dumps(str(file))}")
    for environment in ({}, {"DISCORD_TOKEN": "two secrets"}):
        with pytest.raises(SettingsError, match="copy it again") as error:
            read_token(settings, environment)
        assert "secret" not in str(error.value)


def test_the_token_comes_from_the_environment_or_a_file_and_hides_itself(tmp_path: Path) -> None:
    settings = load(tmp_path, "")
    assert read_token(settings, {}) is None
    token = read_token(settings, {"DISCORD_TOKEN": " abc.def "})
    assert token is not None
    assert token.get_secret_value() == "abc.def"
    assert "abc" not in repr(token)

    file = tmp_path / "token"
    settings = load(tmp_path, f"[discord]\ntoken_file = {str(file)!r}")
    with pytest.raises(SettingsError, match="can't be read"):
        read_token(settings, {})
    file.write_text("\n")
    with pytest.raises(SettingsError, match="empty"):
        read_token(settings, {})
    file.write_text("from.file\n")
    token = read_token(settings, {})
    assert token is not None
    assert token.get_secret_value() == "from.file"


KEYS = [
    "queue_length",
    "blocked",
    "url",
    "source",
    "roles",
    "weight",
    "title",
    "tag_order",
    "api_base",
    "token",
]
_tables = st.recursive(
    hostile.values(),
    lambda inner: st.dictionaries(st.sampled_from(KEYS) | hostile.texts(), inner, max_size=3),
    max_leaves=5,
)


@settings_of_hypothesis(max_examples=120, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from([*Settings.model_fields]) | hostile.texts(), _tables, max_size=3))
def test_any_toml_is_taken_or_told_in_one_short_line(content: dict[str, Any]) -> None:
    lines = [f"{json.dumps(key)} = {_toml(value)}" for key, value in content.items()]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_text("\n".join(lines), encoding="utf-8")
        _taken_or_told(file)


@settings_of_hypothesis(max_examples=80, deadline=None, derandomize=True)
@given(st.binary(max_size=80) | hostile.texts().map(lambda text: text.encode(errors="surrogatepass")))
def test_any_file_is_taken_or_told_in_one_short_line(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "config.toml"
        file.write_bytes(content)
        _taken_or_told(file)


def _taken_or_told(file: Path) -> None:
    told = ""
    try:
        load_settings(file)
    except SettingsError as error:
        told = str(error).removeprefix(str(file))
    assert told.isprintable()
    assert len(told) < 1200


def _toml(value: Any) -> str:
    match value:
        case dict():
            return (
                f"{{{', '.join(f'{json.dumps(str(key))} = {_toml(inner)}' for key, inner in value.items())}}}"
            )
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case float():
            return repr(value)
        case _:
            return json.dumps(value)


def test_one_device_or_several_are_named_in_the_file_and_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load(tmp_path, "").model.devices == ("auto",)
    assert load(tmp_path, "[model]\ndevice = ['cpu', 'cpu']").model.devices == ("cpu", "cpu")
    monkeypatch.setenv("ANIM4GINE_MODEL__DEVICE", "cuda:1")
    assert load(tmp_path, "").model.devices == ("cuda:1",)
    monkeypatch.setenv("ANIM4GINE_MODEL__DEVICE", '["cuda:0", "cuda:1"]')
    assert load(tmp_path, "").model.devices == ("cuda:0", "cuda:1")


def test_a_tilde_is_the_users_own_folder_wherever_a_folder_is_named(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('[paths]\ndata = "~/pictures"\n[model]\nlora_folder = "~/loras"\n', encoding="utf-8")
    settings = load_settings(file)
    assert settings.paths.data == Path.home() / "pictures"
    assert settings.model.lora_path == Path.home() / "loras"
