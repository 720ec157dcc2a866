"""The commands of `hushbox`, one a file: add_arguments(parser) and run(args) -> exit code.

A command's docstring is its help: at most 80 columns, with examples, which a test parses.
"""
