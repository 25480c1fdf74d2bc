"""The operators that are particular to Salesforce ⇄ Account Engagement."""
