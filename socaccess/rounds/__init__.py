"""Rounds of forms with the municipalities: what was asked, answered and decided, in one store."""
