// Names that the box or a player has given may end in an ellipsis. What scrolls by itself may be wider than it looks, and
// what is only read aloud has no room. A link within a sentence is as high as the sentence. Targets and words are compared
// only with others of the same layer: a sheet or the tab bar lies over the rest on purpose, and the rest scrolls.
() => {
  const faults = new Set();
  const root = document.documentElement;
  const front = document.querySelector("dialog[open]") ?? document.querySelector(".sheet:not([hidden])") ?? document.body;
  const seen = (node) => node.checkVisibility({ visibilityProperty: true });
  const name = (node) => (node.getAttribute("aria-label") || node.textContent || node.id || node.className || node.tagName)
    .toString().trim().replace(/\s+/g, " ").slice(0, 60);
  const ALOUD = ".hidden-help, noscript, canvas, option, script, .log, [aria-hidden=true]";
  const layer = (node) => node.closest(".tabs, .notices, .top, dialog, .sheet, .sheet-buttons, .awake") ?? document.body;

  if (root.scrollWidth > root.clientWidth) faults.add(`the page is ${root.scrollWidth} px wide`);
  if (front !== document.body) {
    const box = front.getBoundingClientRect();
    if (box.left < -1 || box.right > innerWidth + 1 || box.top < -1 || box.bottom > innerHeight + 1) faults.add("the sheet leaves the screen");
    if (front.scrollWidth > front.clientWidth + 1) faults.add(`the sheet is ${front.scrollWidth} px wide`);
    if (front.scrollHeight > front.clientHeight + 2 && !/auto|scroll/.test(getComputedStyle(front).overflowY)) faults.add("the sheet is cut below");
  }

  const words = []; // [text node, its lines, the element]
  const texts = document.createTreeWalker(front, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    const from = node.parentElement;
    if (!node.data.trim() || !seen(from) || from.closest(ALOUD)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const all = range.getBoundingClientRect();
    if (!all.width) continue;
    let scrolls = false;
    let aloud = false;
    const named = from.closest("h1, .preset-now");
    const outside = (box, what) => {
      if (!named && (all.left < box.left - 1.5 || all.right > box.right + 1.5)) faults.add(`${node.data.trim().slice(0, 60)}: ${what}`);
    };
    const high = (box, what) => {
      if (all.top < box.top - 3 || all.bottom > box.bottom + 3) faults.add(`${node.data.trim().slice(0, 60)}: ${what}, too high`);
    };
    for (let around = from; around && around !== document.body; around = around.parentElement) {
      const style = getComputedStyle(around);
      const box = around.getBoundingClientRect();
      if (box.width < 3 || (style.clipPath !== "none" && around.matches("p, .help"))) aloud = true;
      if (/auto|scroll/.test(style.overflowX) && around !== front) scrolls = true;
      if (aloud || scrolls) break;
      if (style.overflowX === "hidden") outside(box, `cut by .${around.className}`);
      if (style.overflowY === "hidden") high(box, `cut by .${around.className}`);
      if (around.matches("button, .plain, label, .seg > *, .tab, .choice span, .chip, .line")) {
        outside(box, "wider than its control");
        high(box, "higher than its control");
      }
    }
    if (aloud) continue;
    if (!scrolls) {
      outside({ left: 0, right: root.clientWidth }, "beyond the screen");
      words.push([node.data.trim().slice(0, 60), [...range.getClientRects()].filter(({ width }) => width > 1), from]);
    }
  }

  const area = (node) => {
    const label = node.matches("input[type=radio], input[type=checkbox], input[type=file]") && node.closest("label");
    return (label || node).getBoundingClientRect();
  };
  const targets = [...front.querySelectorAll("a[href], button, input, select, summary, textarea, [role=slider], .knob, .upright-cap")]
    .filter((node) => seen(node) && !node.closest("[aria-hidden=true]") && area(node).width > 2)
    .map((node) => [name(node), area(node), node]);
  for (const [said, { width, height }, node] of targets) {
    const sentence = node.matches("p a, li a, .markdown a, .help a") && !node.closest(".lines");
    const cap = node.matches(".upright-cap"); // its ::before makes it a thumb's size
    if (!sentence && !cap && (width < 43.9 || height < 43.9)) faults.add(`${said}: ${Math.round(width)} x ${Math.round(height)} px is too small a target`);
  }
  const over = (one, other, least) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > least
    && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > least;
  for (let i = 0; i < targets.length; i++) for (let j = i + 1; j < targets.length; j++) {
    const [said, box, node] = targets[i], [otherSaid, otherBox, other] = targets[j];
    if (layer(node) !== layer(other) || node.contains(other) || other.contains(node)) continue;
    if (node.closest("label") && node.closest("label") === other.closest("label")) continue;
    if (node.closest(".wave") && node.closest(".wave") === other.closest(".wave")) continue; // its handles are on the waveform
    if (over(box, otherBox, 4)) faults.add(`${said} lies over ${otherSaid}`);
  }
  for (let i = 0; i < words.length; i++) for (let j = i + 1; j < words.length; j++) {
    const [said, lines, node] = words[i], [otherSaid, others, other] = words[j];
    if (layer(node) !== layer(other)) continue;
    if (lines.some((line) => others.some((next) => over(line, next, 3)))) faults.add(`the words "${said}" lie over "${otherSaid}"`);
  }
  return [...faults];
}
