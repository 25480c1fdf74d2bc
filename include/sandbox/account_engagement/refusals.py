"""Account Engagement's refusals: a coarse HTTP status and `{"code": …, "message": …}`."""

from __future__ import annotations

MESSAGES = {
    3: "Invalid prospect ID",
    4: "Invalid prospect email address",
    5: "Invalid query parameters",
    7: "Invalid timestamp",
    9: "A prospect with the specified email address already exists",
    10: "Invalid user ID",
    13: "One or more required parameters are missing",
    16: "Invalid ID",
    38: "Invalid campaign ID",
    50: "Invalid boolean",
    51: "Invalid parameter",
    52: "Invalid parameter range",
    54: "Email address is already in use",
    55: "Invalid list ID",
    58: "A membership with that prospect and list already exists",
    61: "Invalid JSON",
    66: "You have exceeded your concurrent request limit. Please wait, before trying again",
    99: "A record with that Salesforce ID already exists",
    109: "The requested record was not found.",
    122: "Daily API rate limit met",
    128: "This campaign is managed in Salesforce",
    132: "Prospect is in the recycle bin",
    155: "Invalid import",
    156: "Invalid import state for a batch",
    157: "Invalid import state",
    174: "Invalid export procedure",
    175: "Invalid export arguments",
    178: "Invalid export state",
    180: "One or more of the specified fields are invalid",
    181: "A required header is missing",
    182: "Invalid header value",
    183: "An internal error occurred, please try your request again",
    184: "access_token is invalid, unknown, or malformed",
    198: "Endpoint not found",
    201: "Business Unit specified in Pardot-Business-Unit-Id header not found or inactive.",
    202: "Minute rate limit met",
    205: "Action name is either missing or incorrect",
    206: "Invalid action argument value",
    207: "Missing required action argument",
    209: "Too many fields have filters: The max number of 3 distinct fields with filters was exceeded for this query.",
    210: "Page token has expired.",
    211: "Page token is invalid.",
    219: "Deleted records can't be updated. Please undelete before updating.",
    224: "Invalid fields for request type",
    226: "Mismatched CSV headers and column options",
    228: "The api call doesn't support mixed api versions",
    231: "Maximum file size has to be at least 10,000,000 bytes",
    232: "Maximum file size cannot exceed 200 MB",
    233: "There is not a verified Salesforce connector",
    235: "The Salesforce connector is already in the desired state",
    245: "The supplied name is already in use.",
}
STATUS = {66: 429, 122: 429, 184: 401, 109: 404, 198: 404, 183: 500, 202: 429, 49: 403, 46: 403}


class Refused(Exception):
    """A call that Account Engagement does not carry out."""

    def __init__(self, code: int, detail: str = "", status: int | None = None) -> None:
        self.code = code
        base = MESSAGES.get(code, f"Error {code}")
        self.message = f"{base.rstrip('.') if detail else base}{': ' + detail if detail else ''}"
        self.status = status or STATUS.get(code, 400)
        super().__init__(f"{code}: {self.message}")
