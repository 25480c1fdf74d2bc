"""Describe: what an API client learns of objects and fields. Hidden fields are simply absent."""

from __future__ import annotations

from typing import Any

from include.sandbox.salesforce.model import COMPOUND, NUMBERS, Field, Kind
from include.sandbox.salesforce.org import Org

SOAP = {"boolean": "xsd:boolean", "int": "xsd:int", "date": "xsd:date", "datetime": "xsd:dateTime", "id": "tns:ID",
        "reference": "tns:ID", "address": "urn:address"}  # fmt: skip


def global_lines(org: Org, version: str) -> list[dict[str, Any]]:
    return [head(org, kind, version) for kind in org.kinds.values() if org.kind(kind.name) is not None]


def head(org: Org, kind: Kind, version: str) -> dict[str, Any]:
    """An object without its fields."""
    base = f"/services/data/{version}/sobjects/{kind.name}"
    return {
        "name": kind.name, "label": kind.label, "labelPlural": f"{kind.label}s", "keyPrefix": kind.prefix,
        "createable": org.permitted(kind, "create"), "updateable": org.permitted(kind, "update"),
        "deletable": org.permitted(kind, "delete"), "undeletable": org.permitted(kind, "delete"),
        "queryable": True, "retrieveable": True, "replicateable": True, "searchable": True, "layoutable": True,
        "custom": kind.custom, "customSetting": False, "activateable": False, "mergeable": kind.prefix in
        ("00Q", "003", "001"), "triggerable": True, "deprecatedAndHidden": False, "feedEnabled": False,
        "hasSubtypes": False, "isSubtype": False,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }  # fmt: skip


def describe(org: Org, kind: Kind, version: str) -> dict[str, Any]:
    fields = [_field(org, kind, field) for field in kind.fields.values() if org.visible(kind, field)]
    records = [row for row in org.tables["RecordType"].scan() if row.get("SobjectType") == kind.name]
    return {
        **head(org, kind, version), "fields": fields, "childRelationships": [], "namedLayoutInfos": [],
        "recordTypeInfos": [{"name": row["Name"], "recordTypeId": row["Id"], "active": row["IsActive"],
                             "available": True, "defaultRecordTypeMapping": False, "master": False,
                             "developerName": row["DeveloperName"]} for row in records],
    }  # fmt: skip


def _field(org: Org, kind: Kind, field: Field) -> dict[str, Any]:
    locked = f"{kind.name}.{field.name}" in org.settings["read_only_fields"]
    options = [{"value": option, "label": option, "active": True, "defaultValue": option == field.default,
                "validFor": None} for option in field.options]  # fmt: skip
    return {
        "name": field.name, "label": field.label or field.name, "type": field.type, "length": field.length,
        "byteLength": field.length * 3, "digits": 0, "precision": 18 if field.type in NUMBERS else 0, "scale": 0,
        "nillable": not field.required and field.type not in ("boolean", "id"),
        "createable": field.createable and not locked, "updateable": field.updateable and not locked,
        "permissionable": field.custom, "custom": field.custom, "calculated": field.calculated,
        "calculatedFormula": field.formula if field.calculated else None,
        "defaultedOnCreate": field.default is not None or field.type == "boolean",
        "defaultValue": None if field.type != "boolean" else bool(field.default), "externalId": field.external_id,
        "idLookup": field.type == "id" or field.external_id or (field.type == "email" and kind.name != "User"),
        "unique": field.unique, "caseSensitive": False, "filterable": field.filterable, "sortable": field.sortable,
        "groupable": field.filterable and field.type not in (*COMPOUND, *NUMBERS, "datetime"),
        "aggregatable": field.filterable, "autoNumber": False, "nameField": field.name == "Name",
        "compoundFieldName": field.compound, "relationshipName": field.relationship,
        "referenceTo": list(field.references), "polymorphicForeignKey": len(field.references) > 1,
        "cascadeDelete": False, "restrictedDelete": False, "namePointing": len(field.references) > 1,
        "restrictedPicklist": field.restricted, "dependentPicklist": False, "picklistValues": options,
        "htmlFormatted": False, "deprecatedAndHidden": False, "encrypted": False, "inlineHelpText": None,
        "extraTypeInfo": None,
        "soapType": SOAP.get(field.type, "xsd:double" if field.type in NUMBERS else "xsd:string"),
    }  # fmt: skip
