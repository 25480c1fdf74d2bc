"""The settings file: defaults, the two switches, and one clear line for whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from renkei.errors import ConfigurationError
from renkei.integrations.on24_marketo.catalogue import attendee_fields
from renkei.integrations.on24_marketo.settings import DEFAULT_FIELDS, Mode, Settings, load_settings
from renkei.integrations.paths import data_file

OPTIONAL = [name for name, field in attendee_fields().items() if not field.required]


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "include" / "integrations" / "on24_marketo.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fields: [email", "include/integrations/on24_marketo.yaml, line 1: not YAML"),
        ("- a\n- b\n", "must be a list of `key: value` lines"),
        ("creat_new_people: true", "creat_new_people: unknown key. Did you mean create_new_people?"),
        ("purse: {daily: 1}", "purse.daily: unknown key. Did you mean daily_calls?"),
        ("utm: true\nutm: false", "the key utm is there twice"),
        ("account_kind: japan", "account_kind: input should be 'north_america', 'europe' or 'global'"),
        ("fields: [emial]", "fields: ON24 has no field emial. Did you mean email?"),
        ("fields: [email, personid]", "fields: personid is always written. Take it out of the list."),
        ("fields: [email, email]", "fields: email is there twice. Take one out."),
        ("first: yesterday", "first: input should be 'full' or 'now'"),
        ("resweep_hours: [12, 2]", "resweep_hours: must be hours after the live end, rising."),
        ("max_sizes: {poll1answer: 9999}", "max_sizes.poll1answer: must be 1 to 1500. Correct the number."),
        ("purse: {daily_calls: 10, reserve: 10}", "purse.reserve leaves nothing of purse.daily_calls."),
        ("schedule: every day", "schedule: every day is no cron expression. Five fields, for instance"),
        ("schedule: '* * *'", "schedule: * * * is no cron expression."),
        ("notices: {mail_to: [nobody]}", "notices.mail_to.0: string should match pattern"),
        ("overlap_days: many", "overlap_days: input should be a valid integer"),
    ],
)
def test_what_is_wrong_is_one_line_with_file_key_and_remedy(tmp_path: Path, text: str, line: str) -> None:
    message = refusal(tmp_path, text)
    assert message.startswith("include/integrations/on24_marketo.yaml")
    assert line in message


@pytest.mark.req("O8")
def test_forty_five_fields_are_refused_and_forty_four_are_not(tmp_path: Path) -> None:
    assert len(Settings(fields=tuple(OPTIONAL[:44])).fields) == 44
    message = refusal(tmp_path, f"fields: [{', '.join(OPTIONAL[:45])}]")
    assert "fields: 45 fields, at most 44 fit besides the three keys. Take 1 out." in message


@pytest.mark.req("O5")
@pytest.mark.parametrize("name", ["on24Attendee_c", "oN24attendee_c", "oN24Attendee", "on24_attendee_c"])
def test_another_name_of_the_custom_object_is_refused(tmp_path: Path, name: str) -> None:
    assert "must be exactly oN24Attendee_c" in refusal(tmp_path, f"custom_object: {name}")


@pytest.mark.req("O36")
@pytest.mark.parametrize(
    ("create", "registrants", "mode"),
    [
        (True, True, Mode.ON24_REG_ALL),
        (True, False, Mode.ON24_REG_ATTENDEES),
        (False, True, Mode.MKTO_REG_ALL),
        (False, False, Mode.MKTO_REG_ATTENDEES),
    ],
)
def test_two_switches_make_four_modes(create: bool, registrants: bool, mode: Mode) -> None:
    assert Settings(create_new_people=create, on24_registrants=registrants).mode is mode


def test_an_empty_file_has_the_careful_defaults(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, ""))
    assert settings.mode is Mode.MKTO_REG_ATTENDEES
    assert settings.fields == DEFAULT_FIELDS
    assert len(set(settings.fields)) == 44
    assert not (settings.utm or settings.profile_url.enabled or settings.member_status.programs)
    assert settings.schedule == "*/15 * * * *"
    assert settings.overlap_days == 3


def test_the_delivered_file_is_good_and_shows_every_key() -> None:
    delivered = data_file("on24_marketo.yaml")
    assert load_settings(delivered).mode is Mode.ON24_REG_ALL
    text = delivered.read_text(encoding="utf-8")
    assert [key for key in Settings.model_fields if f"\n{key}:" not in text] == []


@pytest.mark.req("O27")
@pytest.mark.parametrize("schedule", ["*/15 * * * *", "0 6 * * *", None])
def test_the_schedule_is_a_setting(schedule: str | None) -> None:
    assert Settings(schedule=schedule).schedule == schedule


def test_loading_is_light() -> None:
    code = (
        "import sys;"
        "from renkei.integrations.registry import load; load('on24_marketo');"
        "import renkei.integrations.on24_marketo.flow;"
        "heavy = {'airflow', 'sqlalchemy', 'requests', 'pendulum'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[3] / "plugins")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
