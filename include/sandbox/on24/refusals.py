"""ON24's refusals: an HTTP status and `{"message": …}`, nothing else.

Texts: ON24 API v2, and what the live host answers.
"""

from __future__ import annotations


class Refused(Exception):
    """A call that ON24 does not carry out."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


BOTH_HEADERS = "Header must contain both accessTokenKey and accessTokenSecret."
WRONG_TOKEN = "AccessTokenKey and AccessTokenSecret are wrong or invalid."
DEACTIVATED = "AccessTokenKey and AccessTokenSecret are deactivated."
TOKEN_NOT_FOUND = "The access token secret or access token key was not found"
NO_PERMISSION = "You do not have permission to perform the requested operation."
QUOTA = "You have reached the maximum number of calls for this api."
BAD_DATES = "Error, incorrect date formats."
BAD_ZONE = "Invalid Date format for params startdate and enddate. Incorrect timezone value provided."
SIX_MONTHS = "startDate and endDate can't be more than 6 months appart."
YEAR = "startDate and endDate can't be more than 365 days appart."
NO_REGISTRANT = "No registrant was found for that email address"
NO_EVENT_REGISTRANT = "No registrant was found for that email address and eventId combination"
NO_LEAD = "No lead data was found for that email address"
EMAIL_NOT_FOUND = "The email provided was not found."
EMAIL_TAKEN = "New email address matches other registrant's email address"
SOFT_DELETE_NEW = "You're trying to soft delete the registrant you're creating."


def no_client(clientid: str) -> Refused:
    return Refused(404, f"The client {clientid} doesn't exist.")


def no_event(eventid: str | int) -> Refused:
    return Refused(404, f"The event {eventid} doesn't exist.")


def bad_page(last: int) -> Refused:
    return Refused(400, f"Invalid pageOffset, range must be between 0 and {last}.")
