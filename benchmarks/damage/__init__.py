"""Damaged models, the same for the same seed."""
