"""Takes away what disturbs without a network: hum, and what lies below hearing."""
