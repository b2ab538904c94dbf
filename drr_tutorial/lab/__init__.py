"""What the book needs and no user of the package imports: pages, sentences, figures, exercises, clinic, studies."""

import warnings

# Notebooks import it, and bars of text are fine: nobody has to install widgets to read a chapter.
warnings.filterwarnings("ignore", message="IProgress not found")
