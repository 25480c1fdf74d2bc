"""What is wrong with configured lists and fields, before a run finds out: existence only, nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from renkei.endpoints.account_engagement_lists import ListMembers
from renkei.endpoints.salesforce_paths import Describe, Described
from renkei.endpoints.salesforce_records import KEYS
from renkei.errors import ConfigurationError, SyncError
from renkei.integrations.checks import Finding
from renkei.integrations.immedio_salesforce.settings_tag import FIELD_PATH, ListSettings

GUIDE = "docs/setup/immedio_salesforce.md"
FIELDS_STEP, LISTS_STEP, KEY_STEP = (f"{GUIDE}#{anchor}" for anchor in ("fields", "lists", "api-key"))
OBJECTS = {name.lower(): name for name in KEYS}
NOT_SAVED = " (not saved: it is not in the settings file)"


def field_findings(
    saved: Mapping[str, Sequence[str]], describe: Describe, asked: Mapping[str, Sequence[str]] | None = None
) -> list[Finding]:
    """One line per path that cannot be read, and per lookup that yields only an id. ``asked``: the paths to test
    instead of all saved ones; those that are not saved are told as such."""
    described = Described(describe)
    return [
        finding
        for sobject, paths in (saved if asked is None else asked).items()
        for finding in _object(described, sobject, paths, saved.get(sobject, ()))
    ]


def asked_fields(text: str) -> dict[str, tuple[str, ...]]:
    """``Lead.Score__c, Contact.Account.Name`` → paths by object. Raises ConfigurationError for what is neither."""
    found: dict[str, list[str]] = {}
    for word in text.replace(",", " ").split():
        sobject, _, path = word.partition(".")
        if sobject.lower() not in OBJECTS or not FIELD_PATH.fullmatch(path):
            raise ConfigurationError(
                f"{word[:60]!r} is no field of Lead, Contact or Account.",
                remedy="Write Lead.Company, Contact.Account.Name and so on.",
            )
        found.setdefault(OBJECTS[sobject.lower()], []).append(path)
    return {sobject: tuple(paths) for sobject, paths in found.items()}


def list_findings(
    lists: Iterable[ListSettings], source: Callable[[ListSettings], ListMembers], *, has_key: bool
) -> list[Finding]:
    """One line per list that Account Engagement does not have, or has several times; and whether the tag has a key."""
    found = [finding for one in lists for finding in _list(source(one))]
    if not has_key:
        found.append(
            Finding(
                "no_tag_key", "warning", "No API key was issued for the tag, so that no page can ask.",
                "Issue one with `python -m renkei.store.api_keys issue NAME --scope tag`.", KEY_STEP,
            )
        )  # fmt: skip
    return found


def _object(described: Described, sobject: str, paths: Sequence[str], saved: Sequence[str]) -> Iterator[Finding]:
    try:
        needed = [described.resolve(sobject, name) for name in KEYS[sobject].fields]
    except ConfigurationError as error:
        yield Finding("object_hidden", "error", error.message, error.remedy, FIELDS_STEP)
        return
    for path in needed:
        if path.problem:
            yield Finding("key_hidden", "error", path.problem, "Records are found by it.", FIELDS_STEP)
    for given in paths:
        path, told = described.resolve(sobject, given), "" if given in saved else NOT_SAVED
        if path.problem:
            remedy = "Correct the path, or set the field-level security for the connecting user."
            yield Finding("field_missing", "error", path.problem + told, remedy, FIELDS_STEP)
        elif path.hint:
            yield Finding("lookup_only", "warning", path.hint + told, "", FIELDS_STEP)
        else:
            yield Finding("field_found", "info", f"{sobject}.{given}: found ({path.type}){told}.")


def _list(source: ListMembers) -> Iterator[Finding]:
    try:
        source.find()
    except SyncError as error:
        yield Finding("list_missing", "error", error.message, error.remedy, LISTS_STEP)
