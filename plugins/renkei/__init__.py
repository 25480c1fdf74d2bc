"""Renkei: keeps marketing and sales systems in step, losing nothing and sending nothing twice."""
