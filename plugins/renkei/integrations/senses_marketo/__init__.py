"""Senses (Mazrica) ⇄ Marketo."""
