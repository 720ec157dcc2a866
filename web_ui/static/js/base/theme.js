// Sets the theme before anything is drawn: as the phone is set (auto), or as this phone has chosen here. A plain script,
// because modules run later.

(() => {
  const KEY = "hushbox.theme";
  const GROUND = { dark: "#0e1012", light: "#f5f3ef" };
  const root = document.documentElement;
  const bright = matchMedia("(prefers-color-scheme: light)");
  const kept = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // storage is forbidden here: auto
    }
  };
  const show = (choice) => {
    root.dataset.themeChoice = choice in GROUND ? choice : "auto";
    root.dataset.theme = choice in GROUND ? choice : bright.matches ? "light" : "dark";
    document.querySelector('meta[name="theme-color"]').content = GROUND[root.dataset.theme];
  };
  show(kept());
  bright.addEventListener("change", () => show(root.dataset.themeChoice));
  addEventListener("storage", ({ key }) => key === KEY && show(kept()));
  addEventListener("hushbox-theme", ({ detail }) => {
    show(detail);
    try {
      localStorage.setItem(KEY, detail);
    } catch {
      // Then it holds until the page is closed.
    }
  });
})();
