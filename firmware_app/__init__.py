"""The appliance: joins dsp, hw and web_ui. Nobody imports it."""
