"""The machine's networks: Ethernet, Wi-Fi, an access point of its own, and the name that answers in them."""
