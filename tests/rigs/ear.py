"""An ear at a phone's loudspeaker."""

# Run in a page before its scripts: loudness() is then the RMS level of what reaches the phone's loudspeaker.
LISTENING = """() => {
  const connect = AudioNode.prototype.connect;
  const ears = new Map(); // of each context: what is compared has one of its own
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      if (!ears.has(to.context)) ears.set(to.context, new AnalyserNode(to.context, { fftSize: 8192 }));
      connect.call(this, ears.get(to.context));
    }
    return connect.call(this, to, ...more);
  };
  const level = (ear) => {
    const wave = new Float32Array(8192);
    ear.getFloatTimeDomainData(wave);
    return Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length);
  };
  window.loudness = () => Math.max(0, ...[...ears.values()].map(level));
}"""

# Run in a page before it plays: taped() then stops a tape of what reached the loudspeaker, and says how loud its
# windows of 20 ms were from the first sound on, but for 100 ms at either end. The tape recorder is the browser's own:
# it loses nothing where the page is busy.
TAPING = """() => {
  const connect = AudioNode.prototype.connect;
  let tape = null;
  const pieces = [];
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      if (!tape) {
        window.tapeIn = new MediaStreamAudioDestinationNode(to.context);
        tape = new MediaRecorder(window.tapeIn.stream, { audioBitsPerSecond: 256000 });
        tape.addEventListener("dataavailable", ({ data }) => pieces.push(data));
        tape.start();
      }
      connect.call(this, window.tapeIn);
    }
    return connect.call(this, to, ...more);
  };
  window.taped = async () => {
    await new Promise((resolve) => {
      tape.addEventListener("stop", resolve);
      tape.stop();
    });
    const file = await new Blob(pieces).arrayBuffer();
    const sound = (await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(file)).getChannelData(0);
    const first = sound.findIndex((sample) => Math.abs(sample) > 0.01);
    const windows = [];
    for (let at = first + 4800; at + 4800 + 960 < sound.length; at += 960)
      windows.push(Math.sqrt(sound.subarray(at, at + 960).reduce((sum, sample) => sum + sample * sample, 0) / 960));
    const silent = windows.flatMap((level, at) => (level < 0.01 ? [at / 50] : [])).slice(0, 40);
    const [quietest, loudest] = [Math.min(...windows), Math.max(...windows)];
    return { seconds: windows.length / 50, quietest, loudest, silent };
  };
}"""
