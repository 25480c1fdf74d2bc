"""The sync test: whether the fields of immedio_field_sync are there. Nothing is stored, and no gate is kept."""

from __future__ import annotations

from typing import Any

from renkei.errors import ConfigurationError
from renkei.integrations.checks import errors
from renkei.operators.bootstrap import Wired
from renkei.operators.operations.check import LEVELS
from renkei.operators.step import FlowOperator


class FieldTestOperator(FlowOperator):
    """Looks every configured path up by describe, or those that the form names; an error fails the task with one line
    per path."""

    described = False

    def work(self, wired: Wired, context: Any) -> dict[str, int]:
        from renkei.integrations.immedio_salesforce.checks_caches import asked_fields

        wired.refuse_if_latched()
        asked = asked_fields(context["params"].get("fields") or "")
        findings = wired.clients.field_findings(asked or None)
        for finding in findings:
            self.log.log(LEVELS[finding.level], "%s", finding)
        if found := errors(findings):
            raise ConfigurationError("\n".join(str(finding) for finding in found))
        return {"tested": sum(finding.name in ("field_found", "lookup_only") for finding in findings)}
