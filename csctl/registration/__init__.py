"""A record that begins: questions, answers, drafts, what is carried over."""
