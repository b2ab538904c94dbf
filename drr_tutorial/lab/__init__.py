"""What the book needs and no user of the package imports: pages, sentences, figures, exercises, clinic, studies."""
