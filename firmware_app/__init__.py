"""The appliance: wires dsp, hw and web_ui together. Nobody imports it."""
