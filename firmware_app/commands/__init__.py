"""The commands of `hushbox`, one a file: add_arguments(parser) and run(args) -> exit code."""
