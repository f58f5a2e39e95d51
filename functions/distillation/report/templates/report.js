"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const light = {{ light | tojson }};
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const NARROW = 520, PRINTED = 660;

  // A figure names its colours by the light theme's values: each is replaced by the value that the theme has now.
  const inTheme = (figure, printed) => {
    const style = getComputedStyle(document.documentElement);
    let text = JSON.stringify(figure);
    if (dark.matches && !printed)
      for (const [name, value] of Object.entries(light)) text = text.replaceAll(value, style.getPropertyValue("--" + name).trim());
    return JSON.parse(text);
  };
  const draw = (printed) => {
    for (const [name, figure] of Object.entries(figures)) {
      const place = document.getElementById("chart-" + name);
      if (!place) continue;
      const { data, layout } = inTheme(figure, printed);
      const width = printed ? Math.min(PRINTED, place.closest(".figures") ? PRINTED / 2 - 12 : PRINTED) : place.clientWidth;
      if (width < NARROW && layout.annotations) layout.annotations = layout.annotations.filter((one) => one.name !== "figures");
      Plotly.react(place, data, { ...layout, width }, { displayModeBar: false });
    }
  };

  // The library is packed: it is unpacked by the browser itself and runs as one more inline script.
  const unpack = async () => {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (letter) => letter.charCodeAt(0));
    const script = document.createElement("script");
    script.textContent = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
    document.head.append(script);
    draw(false);
    dark.addEventListener("change", () => draw(false));
    addEventListener("beforeprint", () => draw(true));
    addEventListener("afterprint", () => draw(false));
    let waiting;
    addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => draw(false), 100); });
    document.documentElement.dataset.charts = "drawn";
  };
  if (Object.keys(figures).length) unpack();

  // A form filters the rows of its list: a select by the row's data attribute of the same name ("arm": one of its words), "words" by the row's text.
  for (const form of document.querySelectorAll("form[data-rows]")) {
    const rows = [...document.getElementById(form.dataset.rows).children];
    const fields = [...form.elements].filter((field) => field.name);
    const fits = (row, { name, value }) => {
      if (name === "words") return row.textContent.toLowerCase().includes(value.toLowerCase());
      return !value || (name === "arm" ? row.dataset.arm.split(" ").includes(value) : row.dataset[name] === value);
    };
    const filter = () => {
      for (const row of rows) row.hidden = !fields.every((field) => fits(row, field));
      form.querySelector("output").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }
  // A form that chooses one of several panels.
  for (const form of document.querySelectorAll("form[data-switch]")) {
    const choose = () => { for (const panel of document.getElementById(form.dataset.switch).children) panel.hidden = panel.dataset.arm !== form.elements.arm.value; };
    form.addEventListener("input", choose);
    form.addEventListener("submit", (event) => event.preventDefault());
    choose();
  }
})();
