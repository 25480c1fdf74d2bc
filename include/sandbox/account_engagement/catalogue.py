"""Which objects there are (sources: §3 and §4 of the reference)."""

from __future__ import annotations

from include.sandbox.account_engagement.model import Field, Resource, fields, resource

ID = {"id": (True, True)}
STAMPS = {"createdAt": (True, True), "updatedAt": (True, True)}
PEOPLE = {"createdBy": ("createdById", "users"), "updatedBy": ("updatedById", "users")}
WRITE = {"writable": True}


def resources() -> dict[str, Resource]:
    """A fresh set: custom fields are added to prospects."""
    made = [_prospects(), _lists(), _memberships(), _users(), _campaigns(), _custom_fields(), *_visits()]
    return {entry.name: entry for entry in made}


def _prospects() -> Resource:
    texts = (
        "firstName lastName salutation company jobTitle department phone fax website addressOne addressTwo city state "
        "zip country territory industry employees annualRevenue yearsInBusiness comments notes source "
        "salesforceId salesforceOwnerId"
    )
    told = (
        "password grade emailBouncedReason recentInteraction sourceParameter campaignParameter mediumParameter "
        "contentParameter "
        "termParameter firstReferrerQuery firstReferrerType firstReferrerUrl convertedFromObjectName "
        "convertedFromObjectType salesforceLeadId salesforceContactId salesforceAccountId salesforceCampaignId "
        "salesforceUrl"
    )
    own = [
        Field("email", "string", writable=True, required=True), *fields("string", texts, **WRITE),
        *fields("int", "campaignId profileId prospectAccountId userId", **WRITE),
        Field("score", "int", writable=True, default=0),
        *fields("bool", "isDoNotEmail isDoNotCall optedOut isReviewed isStarred isDoNotSync", default=False, **WRITE),
        *fields("string", told), *fields("int", "assignedToId lifecycleStageId"),
        *fields("datetime", "emailBouncedAt firstActivityAt lastActivityAt firstAssignedAt convertedAt "
                            "salesforceLastSync"),
        *fields("bool", "doNotSell isEmailHardBounced", default=False),
    ]  # fmt: skip
    relations = {"campaign": ("campaignId", "campaigns"), "assignedTo": ("assignedToId", "users"),
                 "user": ("userId", "users"), **PEOPLE}  # fmt: skip
    filters = {**ID, **STAMPS, "lastActivityAt": (False, True), "email": (True, False), "userId": (True, True),
               "assignedToId": (True, True)}  # fmt: skip
    orders = ("id", "createdAt", "updatedAt", "lastActivityAt", "email")
    return resource("prospects", "prospects", own, relations=relations, filters=filters, orders=orders,
                    operations="RQCUD")  # fmt: skip


def _lists() -> Resource:
    own = [
        Field("name", "string", writable=True, required=True), *fields("string", "title description", **WRITE),
        *fields("bool", "isPublic isSalesforceVisible", default=False, **WRITE),
        Field("isDynamic", "bool", default=False),
        *fields("int", "folderId campaignId", **WRITE),
    ]  # fmt: skip
    return resource("lists", "lists", own, relations={"campaign": ("campaignId", "campaigns"), **PEOPLE},
                    filters={**ID, **STAMPS, "name": (True, False)}, operations="RQCUD",
                    orders=("id", "createdAt", "updatedAt", "name"))  # fmt: skip


def _memberships() -> Resource:
    own = [
        *fields("int", "listId prospectId", writable=True, required=True),
        Field("optedOut", "bool", writable=True, default=False),
    ]
    relations = {"prospect": ("prospectId", "prospects"), "list": ("listId", "lists"), **PEOPLE}
    filters = {**ID, **STAMPS, "listId": (True, True),
               "prospectId": (True, True)}  # fmt: skip
    return resource("list_memberships", "list-memberships", own, relations=relations, filters=filters,
                    operations="RQCUD")  # fmt: skip


def _users() -> Resource:
    own = fields("string", "email firstName lastName username jobTitle role roleName salesforceId "
                           "tagReplacementLanguage")  # fmt: skip
    return resource("users", "users", own, filters={**ID, **STAMPS, "email": (True, False)}, relations=PEOPLE)


def _campaigns() -> Resource:
    own = [*fields("string", "name salesforceId"), *fields("int", "folderId parentCampaignId"), Field("cost", "float")]
    filters = {**ID, **STAMPS, "name": (True, False)}
    return resource("campaigns", "campaigns", own, relations=PEOPLE, filters=filters,
                    orders=("id", "createdAt", "updatedAt", "name"))  # fmt: skip


def _custom_fields() -> Resource:
    own = [
        *fields("string", "name fieldId type", writable=True, required=True), Field("apiFieldId"),
        Field("salesforceId", writable=True),
        *fields("bool", "isRecordMultipleResponses isUseValues isAnalyticsSynced isRequired", default=False, **WRITE),
    ]  # fmt: skip
    return resource("custom_fields", "custom-fields", own, filters={**ID, **STAMPS}, relations=PEOPLE,
                    operations="RQCUD")  # fmt: skip


def _visits() -> list[Resource]:
    """Visitors and what they did: reads only."""
    activity_ids = (
        "prospectId visitorId campaignId customRedirectId emailId emailTemplateId fileId formHandlerId formId "
        "landingPageId listEmailId multivariateTestVariationId opportunityId paidSearchAdId siteSearchQueryId "
        "visitId visitorPageViewId durationInSeconds type"
    )
    links = {"prospect": ("prospectId", "prospects"), "campaign": ("campaignId", "campaigns")}
    activities = resource(
        "visitor_activities", "visitor-activities",
        [*fields("int", activity_ids), *fields("string", "typeName details")], relations=links,
        filters={**ID, **STAMPS, "prospectId": (True, True),
                 "visitorId": (True, True), "type": (True, False)},
    )  # fmt: skip
    visitors = resource(
        "visitors", "visitors",
        [*fields("int", "prospectId campaignId pageViewCount"), *fields("bool", "isIdentified doNotSell"),
         *fields("string", "hostname ipAddress sourceParameter campaignParameter mediumParameter contentParameter "
                           "termParameter")],
        relations=links, filters={**ID, **STAMPS, "prospectId": (True, True), "isIdentified": (True, False)},
    )  # fmt: skip
    return [activities, visitors]
