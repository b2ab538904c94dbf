"""The bug clinic: defects of the original notebook and two classic ones of DDPG, each as a small piece beside the
healthy code (chapter 14).

A defect is a subclass or a function that differs from its healthy partner in one place; nothing in the rest of the
package knows of it. `clinic.original` puts those of the notebook together again and repeats its whole training.
"""
