"""An ear at a phone's loudspeaker."""

# Run in a page before its scripts: loudness() is then the RMS level of what reaches the phone's loudspeaker.
LISTENING = """() => {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      window.ear ??= new AnalyserNode(to.context, { fftSize: 8192 });
      connect.call(this, window.ear);
    }
    return connect.call(this, to, ...more);
  };
  window.loudness = () => {
    if (!window.ear) return 0;
    const wave = new Float32Array(8192);
    window.ear.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
  };
}"""
