"""renkei_forget: erases a person from our tables and keeps them from coming back."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from renkei.errors import ConfigurationError
from renkei.operators import bootstrap


class ForgetOperator(BaseOperator):
    """Blanks what is stored about ``who``; says how many rows, never whose."""

    def execute(self, context: Any) -> dict[str, int]:
        from renkei.store.forget import forget

        who = str(context["params"]["who"]).strip()
        if not who:
            raise ConfigurationError("Nobody was named.", remedy="Give an e-mail address or an id.")
        with bootstrap.opened_store() as store, store.begin() as connection:
            suppression = bootstrap.suppression_on(store)
            touched = forget(connection, suppression, who, reason=str(context["params"]["reason"]))
        told = ", ".join(f"{table} {rows}" for table, rows in touched.items() if rows) or "nothing was stored"
        self.log.info("Forgotten: %s. The person stays out from now on.", told)
        self.log.info("Next: delete this DAG run, for Airflow keeps what was typed into its form, "
                      "and erase the person at the vendors themselves.")
        return touched
