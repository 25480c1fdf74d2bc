"""The vendor's own connector between Salesforce and Account Engagement (rules: §9 of the reference)."""

from include.sandbox.connector.connector import Connector

__all__ = ["Connector"]
