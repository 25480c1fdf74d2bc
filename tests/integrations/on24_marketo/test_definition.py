"""The definition test: what is wrong with the custom object, in one precise line each."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.errors import ConfigurationError, RecordError
from renkei.integrations.checks import Finding, refuse_errors
from renkei.integrations.on24_marketo.connect import read_definition
from renkei.integrations.on24_marketo.definition import ACCEPTED, GUIDE, examine, from_marketo
from renkei.integrations.on24_marketo.settings import Settings
from tests.integrations.on24_marketo import builders as on24

LEAD = on24.person_fields()


def findings(describe: dict[str, Any] | None, objects: Any = (), **settings: Any) -> list[Finding]:
    return examine(from_marketo(describe, objects, LEAD), Settings.model_validate(settings))


def problems(describe: dict[str, Any] | None, objects: Any = (), **settings: Any) -> list[Finding]:
    return [found for found in findings(describe, objects, **settings) if found.level != "info"]


def test_a_good_object_has_no_problem() -> None:
    assert problems(on24.describe()) == []


@pytest.mark.req("O4", "O5")
@pytest.mark.parametrize("name", ["on24Attendee_c", "oN24Attendees_c"])
def test_a_missing_object_names_the_one_that_is_nearly_it(name: str) -> None:
    [found] = problems(None, [{"name": "car_c"}, {"name": name}])
    assert found.level == "error"
    assert found.line == (
        f"Marketo shows no custom object with the API name oN24Attendee_c; there is {name}, "
        "but the name must be exactly this, capitals included."
    )


@pytest.mark.req("O6")
@pytest.mark.parametrize("key", ["personid", "eventid", "eventuserid"])
def test_a_missing_key_field_is_an_error(key: str) -> None:
    found = on24.describe(**{key: ""})
    found["dedupeFields"].remove(key)
    assert [line.line for line in problems(found)] == [f"oN24Attendee_c: the required field {key} is missing."]


@pytest.mark.req("O6")
@pytest.mark.parametrize("key", ["personid", "eventid", "eventuserid"])
def test_a_key_field_that_is_no_dedupe_field_is_an_error(key: str) -> None:
    found = on24.describe()
    found["dedupeFields"].remove(key)
    assert [line.line for line in problems(found)] == [f"oN24Attendee_c: the field {key} is not a dedupe field."]


@pytest.mark.req("O6")
def test_another_dedupe_field_is_an_error() -> None:
    found = on24.describe()
    found["dedupeFields"].append("email")
    assert [line.name for line in problems(found)] == ["dedupe_extra"]


@pytest.mark.req("O6")
@pytest.mark.parametrize("relation", [
    [],
    [{"field": "personid", "type": "child", "relatedTo": {"name": "Company", "field": "Id"}}],
    [{"field": "personid", "type": "child", "relatedTo": {"name": "Lead", "field": "email"}}],
    [{"field": "eventid", "type": "child", "relatedTo": {"name": "Lead", "field": "Id"}}],
])  # fmt: skip
def test_personid_must_link_to_the_persons_id(relation: list[Any]) -> None:
    found = on24.describe() | {"relationships": relation}
    assert [line.name for line in problems(found)] == ["personid_not_linked"]


def test_the_older_spelling_of_a_relation_is_read_too() -> None:
    relation = {"field": "personid", "type": "child", "object": {"name": "Person", "field": "id"}}
    assert problems(on24.describe() | {"relationships": [relation]}) == []


@pytest.mark.req("O7")
@pytest.mark.parametrize("kind", ["north_america", "europe", "global"])
@pytest.mark.parametrize("event_type", ["string", "integer"])
@pytest.mark.parametrize("user_type", ["string", "integer"])
def test_key_types_by_account_kind(kind: str, event_type: str, user_type: str) -> None:
    found = problems(on24.describe(eventid=event_type, eventuserid=user_type), account_kind=kind)
    wrong = [
        name
        for name, data_type in (("eventid", event_type), ("eventuserid", user_type))
        if kind != "north_america" and data_type == "integer"
    ]
    assert [line.name for line in found] == ["key_type"] * len(wrong)
    for name, line in zip(wrong, found, strict=True):
        spoken = {"europe": "Europe", "global": "Global"}[kind]
        assert line.line == (
            f"oN24Attendee_c: {name} is of type integer; an ON24 account of kind {spoken} needs string."
        )


@pytest.mark.req("O7")
@pytest.mark.parametrize("key", ["eventid", "eventuserid"])
def test_a_key_of_another_type_is_refused_everywhere(key: str) -> None:
    [found] = problems(on24.describe(**{key: "float"}))
    assert found.line.endswith("North America needs string or integer.")


@pytest.mark.req("O8")
def test_chosen_but_absent_is_a_named_warning_and_the_sync_goes_on() -> None:
    found = problems(on24.describe(custom1="", poll1answer=""))
    assert [(line.level, line.line) for line in found] == [
        ("warning", "oN24Attendee_c: chosen fields that Marketo does not have: poll1answer, custom1.")
    ]
    refuse_errors(found)


@pytest.mark.req("O8")
@pytest.mark.parametrize(
    ("field", "data_type"),
    [("liveminutes", "string"), ("attendedlive", "boolean"), ("poll1answer", "string"), ("registrationdate", "date"),
     ("engagementscore", "integer"), ("cumulativeliveminutes", "float"), ("email", "integer")],
)  # fmt: skip
def test_a_wrong_type_is_an_error(field: str, data_type: str) -> None:
    [found] = problems(on24.describe(**{field: data_type}))
    assert found.level == "error"
    assert found.line.startswith(f"oN24Attendee_c: {field} is of type {data_type}, it must be ")


@pytest.mark.req("O9")
def test_a_shorter_field_is_told_and_accepted() -> None:
    described = on24.describe()
    for field in described["fields"]:
        field["length"] = 100 if field["name"] == "eventtitle" else 30_000
    found = [line for line in findings(described) if line.name == "field_short"]
    assert [line.line for line in found] == [
        "oN24Attendee_c: eventtitle holds 100 characters, ON24 sends up to 255; longer values are cut."
    ]


@pytest.mark.req("O38")
def test_a_draft_says_so_and_where_to_approve() -> None:
    [found] = problems(None, [{"name": "oN24Attendee_c", "state": "draft"}])
    assert found.level == "error"
    assert "is a draft: it was never approved" in found.line
    assert "Object Actions > Approve Object" in found.remedy
    assert found.link == f"{GUIDE}#approve"
    with pytest.raises(ConfigurationError, match="draft"):
        refuse_errors([found])


@pytest.mark.req("O38")
def test_changes_that_are_not_approved_are_a_warning() -> None:
    found = problems(on24.describe(), [{"name": "oN24Attendee_c", "state": "approvedWithDraft"}])
    assert [(line.name, line.level) for line in found] == [("object_changed", "warning")]


@pytest.mark.req("O40")
def test_aliases_and_capitals_are_the_same_field() -> None:
    described = on24.describe(answersurveys="", freetrialwidgetsubmittedtimestamp="")
    described["fields"] += [
        {"name": "AnsweredSurveys", "dataType": "integer"},
        {"name": "FreetrialwidgetsSubmittedTimestamp", "dataType": "datetime"},
    ]
    chosen = ["answersurveys", "freetrialwidgetsubmittedtimestamp"]
    assert problems(described, fields=chosen) == []


def test_fields_that_are_there_but_not_chosen_are_listed_as_info() -> None:
    found = [line for line in findings(on24.describe()) if line.name == "field_unused"]
    assert found[0].level == "info"
    assert "custom10" in found[0].line and "email" not in found[0].line


@pytest.mark.req("O24")
def test_the_profile_field_is_missed_by_name_only_when_switched_on() -> None:
    assert problems(on24.describe(), profile_url={"enabled": False}) == []
    [found] = problems(on24.describe(), profile_url={"enabled": True})
    assert (found.level, "pEPURL__c" in found.line) == ("warning", True)


def test_missing_person_fields_are_a_named_warning() -> None:
    person = [field for field in LEAD if field["name"] not in ("leadRole", "UTM_term")]
    definition = from_marketo(on24.describe(), [], person)
    lines = [found.line for found in examine(definition, on24.everything(utm=True)) if found.level == "warning"]
    assert lines == ["The person has no field leadRole, UTM_term; new people are created without."]


def test_all_errors_come_together_first_and_refuse_the_run() -> None:
    described = on24.describe(eventid="", liveminutes="string", custom1="")
    found = problems(described)
    assert [line.level for line in found] == ["error", "error", "warning"]
    with pytest.raises(ConfigurationError) as caught:
        refuse_errors(found)
    assert len(str(caught.value).splitlines()) == 2


def test_every_catalogue_type_has_its_marketo_types() -> None:
    types = {field["dataType"] for field in on24.describe()["fields"]}
    assert types <= set().union(*ACCEPTED.values())


class FakeMarketo:
    def __init__(self, describe: Any, of_type: Any = None, objects: Any = ()) -> None:
        self.describe, self.of_type, self.objects, self.calls = describe, of_type, objects, 0

    def describe_leads(self) -> Any:
        return self._answer({"fields": LEAD})

    def describe_custom_object(self, api_name: str) -> Any:
        return self._answer(self.describe)

    def describe_custom_object_type(self, api_name: str) -> Any:
        return self._answer(self.of_type)

    def custom_objects(self, names: Any = ()) -> Any:
        return self._answer(self.objects)

    def _answer(self, answer: Any) -> Any:
        self.calls += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_reading_the_definition_takes_two_calls() -> None:
    marketo = FakeMarketo(on24.describe())
    assert read_definition(marketo).exists
    assert marketo.calls == 2


NOT_THERE = [
    ConfigurationError("no", code="610"),
    ConfigurationError("no", code="1013"),
    RecordError("no", code="1013"),
]
NOT_ALLOWED = [ConfigurationError("no", code="603"), ConfigurationError("no", code="616")]


@pytest.mark.req("O38")
@pytest.mark.parametrize("absent", NOT_THERE)
def test_an_object_marketo_does_not_show_may_be_a_draft(absent: Exception) -> None:
    marketo = FakeMarketo(absent, {"apiName": "oN24Attendee_c", "state": "draft"})
    assert read_definition(marketo).state == "draft"


@pytest.mark.parametrize("refused", [*NOT_THERE, *NOT_ALLOWED])
def test_without_the_right_to_ask_the_missing_object_may_be_either(refused: Exception) -> None:
    marketo = FakeMarketo(NOT_THERE[0], refused, [{"name": "on24Attendee_c"}])
    definition = read_definition(marketo)
    assert not definition.exists
    [found] = examine(definition, Settings())
    assert "there is on24Attendee_c" in found.line and "it is still a draft" in found.remedy


def test_a_thorough_reading_sees_changes_that_wait_for_approval() -> None:
    marketo = FakeMarketo(on24.describe(), {"apiName": "oN24Attendee_c", "state": "approvedWithDraft"})
    assert read_definition(marketo, thorough=True).state == "approvedWithDraft"
    assert marketo.calls == 4


def test_a_missing_right_is_not_taken_for_a_missing_object() -> None:
    with pytest.raises(ConfigurationError, match="denied"):
        read_definition(FakeMarketo(ConfigurationError("denied", code="603")))
