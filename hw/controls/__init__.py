"""The kinds of controls on a panel: descriptions, events, conflicts and problems."""
