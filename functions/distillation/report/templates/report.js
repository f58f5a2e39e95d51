"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const light = {{ light | tojson }};
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const NARROW = 520, NARROW_SIZE = 9.5, PRINTED = 690, PRINTED_HEIGHT = 0.72;

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
      if (width < NARROW && layout.annotations)
        layout.annotations = layout.annotations.filter((one) => one.name !== "figures")
          .map((one) => ({ ...one, font: { ...one.font, size: NARROW_SIZE } }));
      const height = layout.height * (printed ? PRINTED_HEIGHT : 1);
      Plotly.react(place, data, { ...layout, width, height }, { displayModeBar: false });
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

  const WORDS = ["arm", "kind"];
  // A form filters the rows of its list: a select by the row's data attribute of the same name (WORDS: one of its words), "words" by the row's text.
  for (const form of document.querySelectorAll("form[data-rows]")) {
    const rows = [...document.getElementById(form.dataset.rows).children];
    const fields = [...form.elements].filter((field) => field.name);
    const fits = (row, { name, value }) => {
      if (name === "words") return row.textContent.toLowerCase().includes(value.toLowerCase());
      return !value || (WORDS.includes(name) ? row.dataset[name].split(" ").includes(value) : row.dataset[name] === value);
    };
    const filter = () => {
      for (const row of rows) row.hidden = !fields.every((field) => fits(row, field));
      form.querySelector("output").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
    };
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    filter();
  }
  // Paper unfolds nothing: what helps there is opened before, and closed again behind.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.paper:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
  // What the student saves at a volume, and after how many answers the run is paid back.
  const saving = document.getElementById("saving-form");
  if (saving) {
    const [teacher, student, storage, run] = ["teacher", "student", "storage", "run"].map((name) => Number(saving.dataset[name]));
    const usd = (value) => `${value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 2 : 0 })} USD`;
    const say = () => {
      const answers = Math.max(0, Number(saving.elements.volume.value) || 0);
      const saved = (answers * (teacher - student)) / 1000 - storage;
      const even = Math.ceil((storage / (teacher - student)) * 1000);
      const kept = saved > 0
        ? `saves ${usd(saved)} a month, ${usd(storage)} for keeping the model taken off. The run is paid back in ${run / saved < 1 ? "less than a month" : `${Math.ceil(run / saved)} months`}.`
        : "saves nothing: keeping the model costs more.";
      saving.querySelector("output").textContent = teacher > student
        ? `The student ${kept} From ${even.toLocaleString("en-US")} answers a month on it saves.`
        : "The student is not cheaper.";
    };
    saving.addEventListener("input", say);
    saving.addEventListener("submit", (event) => event.preventDefault());
    say();
  }
  // The items as a table for a spreadsheet. A text that a spreadsheet would take for a formula gets an apostrophe.
  const csv = document.getElementById("items-csv");
  if (csv) {
    csv.hidden = false;
    const rows = [...document.getElementById("item-rows").children];
    const arms = [...new Set(rows.flatMap((row) => [...row.querySelectorAll("dd[data-arm]")].map((one) => one.dataset.arm)))];
    const whole = (place) => {
      const long = place.querySelector("details.long");
      if (!long) return (place.querySelector(".text") || { textContent: "" }).textContent;
      const head = long.querySelector("summary").firstChild.textContent.replace(/ … $/, "");
      return head + long.querySelector(".text").textContent;
    };
    const cell = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
    const line = (row) => [
      row.dataset.id, row.dataset.kind, row.dataset.category, whole(row.querySelector(".prompt")),
      ...arms.map((arm) => { const one = row.querySelector(`dd[data-arm="${arm}"]`); return one ? whole(one) : ""; }),
    ].map(cell).join(",");
    csv.addEventListener("click", () => {
      const head = ["prompt id", "kind", "category", "prompt", ...arms].map(cell).join(",");
      csv.href = URL.createObjectURL(new Blob(["\ufeff", [head, ...rows.map(line)].join("\r\n"), "\r\n"], { type: "text/csv" }));
    });
  }
  // A form that chooses one of several panels.
  for (const form of document.querySelectorAll("form[data-switch]")) {
    const choose = () => { for (const panel of document.getElementById(form.dataset.switch).children) panel.hidden = panel.dataset.arm !== form.elements.arm.value; };
    form.addEventListener("input", choose);
    form.addEventListener("submit", (event) => event.preventDefault());
    choose();
  }
})();
