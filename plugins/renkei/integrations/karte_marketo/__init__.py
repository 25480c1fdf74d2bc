"""KARTE ⇄ Marketo: lead data, activities, user data and events between the two."""
