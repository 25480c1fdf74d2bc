"""Salesforce ⇄ Account Engagement: Renkei is the connector (``mode: sync``) or watches the vendor's (``audit``)."""
