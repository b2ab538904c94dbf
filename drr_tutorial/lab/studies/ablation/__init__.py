"""Chapter 15: what each ingredient of the default agent adds."""
