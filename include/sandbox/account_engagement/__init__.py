"""The Account Engagement (Pardot) emulator: API v5 of one business unit, and the vendor's own Salesforce connector."""

from include.sandbox.account_engagement.vendor import AccountEngagement

VENDOR = AccountEngagement
