// The status page: rows that follow the daemon, and filter, order and selection without asking it.
"use strict";

(() => {
  const list = document.getElementById("list");
  const filters = document.getElementById("filters");
  const nothing = document.getElementById("nothing");
  const selected = document.getElementById("selected");
  const pending = document.getElementById("pending");
  const STORE = "supervisor.folded";
  let rows = new Map();

  const ORDERS = {
    name: () => 0,
    state: (a, b) => a.dataset.state.localeCompare(b.dataset.state),
    uptime: (a, b) => (Number(a.dataset.started) || Infinity) - (Number(b.dataset.started) || Infinity) || 0,
    cpu: (a, b) => b.dataset.cpu - a.dataset.cpu,
    memory: (a, b) => b.dataset.memory - a.dataset.memory,
    restarts: (a, b) => count(b) - count(a),
  };

  function count(row) {
    return Number(row.querySelector(".restarts").textContent);
  }

  // What is there

  /** The rows in the order of their names, in which the server sends them. */
  function index() {
    const found = [...list.querySelectorAll(".row[data-id]")].map((row) => [row.dataset.id, row]);
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    rows = new Map(found);
    const folded = new Set(JSON.parse(localStorage.getItem(STORE) || "[]"));
    for (const group of list.querySelectorAll(".group")) {
      const details = group.querySelector("details");
      if (folded.has(group.dataset.group)) details.open = false;
      details.addEventListener("toggle", remember);
    }
    seen.disconnect();
    for (const row of rows.values()) seen.observe(row);
    isSorted = "name";
  }

  function remember() {
    const folded = [...list.querySelectorAll(".group")].filter((group) => !group.querySelector("details").open);
    localStorage.setItem(STORE, JSON.stringify(folded.map((group) => group.dataset.group)));
  }

  /** Processes came or went: the server knows best where they stand. */
  let reloading = false;
  async function reload() {
    if (reloading) return;
    reloading = true;
    const chosen = new Set([...list.querySelectorAll("input:checked")].map((box) => box.value));
    const page = await supervisor.load("./");
    reloading = false;
    if (!page) return;
    list.replaceChildren(...page.getElementById("list").children);
    filters.querySelector("#counts").replaceChildren(...page.getElementById("counts").children);
    for (const box of list.querySelectorAll("input")) box.checked = chosen.has(box.value);
    index();
    update();
    showSelection();
  }

  // Filter and order

  const chosenState = filters.querySelector("select[name=state]");
  const query = filters.querySelector("input[name=q]");
  const sort = filters.querySelector("select[name=sort]");
  let isSorted = "name";

  function update() {
    const wanted = query.value.toLowerCase();
    const state = chosenState.value;
    const numbers = new Map();
    let shown = 0;
    for (const row of rows.values()) {
      numbers.set(row.dataset.state, (numbers.get(row.dataset.state) || 0) + 1);
      const hidden = Boolean((state && row.dataset.state !== state) || !row.dataset.id.toLowerCase().includes(wanted));
      if (row.hidden !== hidden) row.hidden = hidden;
      if (!hidden) shown += 1;
    }
    nothing.hidden = shown > 0 || rows.size === 0;
    for (const group of list.children) {
      const members = [...group.querySelectorAll(".row[data-id]")];
      group.hidden = members.every((row) => row.hidden);
      const running = members.filter((row) => row.dataset.state === "running").length;
      supervisor.set(group, ".tally", `${running} of ${members.length} running`);
    }
    showCounts(numbers, state);
    order();
  }

  /** One button for each state that occurs, in the order of the select. */
  function showCounts(numbers, state) {
    const bar = document.getElementById("counts");
    const states = [...chosenState.options].map((option) => option.value).filter((value) => numbers.has(value));
    const known = [...bar.querySelectorAll("button")];
    if (known.map((button) => button.value).join() !== states.join()) {
      const focused = document.activeElement?.closest("#counts button")?.value;
      bar.replaceChildren(
        ...states.map((value) => {
          const item = document.createElement("li");
          const button = document.createElement("button");
          Object.assign(button, { className: "count", type: "submit", name: "state", value });
          button.dataset.state = value;
          button.append(document.createElement("b"), " " + value);
          item.append(button);
          return item;
        }),
      );
      if (focused) bar.querySelector(`button[value="${focused}"]`)?.focus();
    }
    for (const button of bar.querySelectorAll("button")) {
      supervisor.set(button, "b", String(numbers.get(button.value)));
      button.setAttribute("aria-pressed", String(button.value === state));
    }
  }

  function order() {
    const wanted = sort.value;
    if (wanted === "name" && isSorted === "name") return;
    isSorted = wanted;
    const inOrder = [...rows.values()].sort(ORDERS[wanted]);
    const places = new Map(inOrder.map((row, place) => [row, place]));
    for (const table of list.querySelectorAll("[role=table]")) {
      const now = [...table.querySelectorAll(".row[data-id]")];
      const then = [...now].sort((a, b) => places.get(a) - places.get(b));
      // Moving a row takes the focus away from it.
      const focused = table.contains(document.activeElement) ? document.activeElement : null;
      if (now.some((row, place) => row !== then[place])) table.append(...then);
      if (focused && focused !== document.activeElement) focused.focus();
    }
    const groups = [...list.children];
    const first = (group) => Math.min(...[...group.querySelectorAll(".row[data-id]")].map((row) => places.get(row)));
    const sorted = [...groups].sort((a, b) => first(a) - first(b));
    if (groups.some((group, place) => group !== sorted[place])) list.append(...sorted);
  }

  /** The address says what is chosen, so that it can be kept. */
  function note() {
    const fields = new URLSearchParams();
    if (query.value) fields.set("q", query.value);
    if (chosenState.value) fields.set("state", chosenState.value);
    if (sort.value !== "name") fields.set("sort", sort.value);
    history.replaceState(null, "", fields.size ? "?" + fields : location.pathname);
  }

  function choose() {
    update();
    note();
  }

  filters.addEventListener("input", choose);
  filters.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = event.submitter;
    if (button && button.name === "state") chosenState.value = chosenState.value === button.value ? "" : button.value;
    choose();
  });
  filters.querySelector(".no-script").classList.add("off");

  // Selection

  function showSelection() {
    const number = list.querySelectorAll("input:checked").length;
    list.closest("form").classList.toggle("picked", number > 0);
    selected.textContent = number ? `${number} selected` : "Selection";
  }

  list.addEventListener("change", showSelection);

  // Time goes on by itself, for the rows that are seen

  const visible = new Set();
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) isIntersecting ? visible.add(target) : visible.delete(target);
  });
  setInterval(() => {
    if (document.hidden) return;
    for (const row of visible) {
      const started = Number(row.dataset.started);
      if (started) supervisor.set(row, ".uptime", supervisor.uptime(started));
    }
  }, 1000);

  // News

  supervisor.listen((frame) => {
    const known = frame.rows.every((row) => rows.has(row.id));
    const told = frame.full ? frame.rows.length === rows.size : frame.gone.length === 0;
    for (const row of frame.rows) {
      const element = rows.get(row.id);
      if (element) supervisor.show(element, row);
    }
    if (known && told) update();
    else reload();
  });

  // A changed configuration is looked for when somebody looks at the page, not all the time.

  async function lookForChanges() {
    try {
      const answer = await fetch("pending.json", { cache: "no-store" });
      if (!answer.ok) return;
      const { difference, error } = await answer.json();
      const text = error
        ? `The configuration has a mistake: ${supervisor.visible(error)}`
        : `The configuration has changed: ${difference}.`;
      pending.hidden = !difference && !error;
      pending.querySelector("form").hidden = Boolean(error);
      supervisor.set(pending, "p", text);
    } catch {
      // The banner says that the daemon cannot be reached.
    }
  }

  supervisor.ondone = (deed) => {
    if (deed === "update" || deed === "reread") lookForChanges();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) lookForChanges();
  });

  // The server has left out what does not fit the address' filter; here everything is there and hidden.
  if (query.value || chosenState.value || sort.value !== "name") {
    reload().then(() => supervisor.start(""));
  } else {
    index();
    supervisor.start("");
  }
  lookForChanges();
})();
