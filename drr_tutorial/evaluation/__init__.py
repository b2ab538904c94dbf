"""Metrics, protocols and reports: how good a list or a session is, and how sure that is."""
