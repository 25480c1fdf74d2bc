"""All endpoints of the instance in one table."""

from __future__ import annotations

from include.sandbox.marketo import (
    activities,
    bulk_extract,
    companies,
    custom_activities,
    custom_object_calls,
    lead_capture,
    lead_reads,
    lead_removal,
    lead_schema,
    lead_writes,
    program_calls,
    usage,
)
from include.sandbox.routing import Routes

routes = Routes.joined(
    lead_reads.routes, lead_writes.routes, lead_schema.routes, lead_removal.routes, lead_capture.routes,
    companies.routes, custom_object_calls.routes, program_calls.routes, activities.routes, custom_activities.routes,
    bulk_extract.routes, usage.routes,
)
