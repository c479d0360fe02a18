"""Forms: who may see what, in which words, as Markdown and PDF."""
