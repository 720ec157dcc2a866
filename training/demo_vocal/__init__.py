"""The built-in demo vocal: a sung phrase and its noise, wholly synthesised: nobody was recorded for it."""
