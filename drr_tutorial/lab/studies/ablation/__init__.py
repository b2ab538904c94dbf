"""Chapter 10: what each ingredient of the default agent adds."""
