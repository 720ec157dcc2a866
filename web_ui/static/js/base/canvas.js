// What the drawn views share: a canvas as sharp as the screen, and the colours of the theme.

export const FONT = "12px system-ui, sans-serif";

export function fit(canvas) {
  // Gives the canvas the screen's pixels. Returns the context, scaled so that a unit is a CSS pixel, and the size.
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const { width, height } = canvas.getBoundingClientRect();
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const names = ["ground", "raised", "lifted", "sunken", "plot", "line", "edge", "text", "soft", "signal", "warm", "alarm", "cool"];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}
