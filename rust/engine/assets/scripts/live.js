// What every live page shares: hearing from the daemon, doing what a button says without leaving the page, asking
// before something is interrupted or lost, and telling how it went.
"use strict";

const supervisor = (() => {
  /** A page that has heard nothing for so long asks for itself, in milliseconds. */
  const SILENCE = 40000;
  /** How long it waits between two questions then. */
  const POLL = 3000;
  /** How long a message stays. */
  const MESSAGE = 7000;

  const banner = document.getElementById("banner");
  const messages = document.getElementById("messages");
  const listeners = [];
  document.documentElement.classList.add("scripted");

  // Telling

  function tell(text, failed) {
    const message = document.createElement("p");
    message.className = failed ? "message failure" : "message";
    message.textContent = text;
    messages.append(message);
    setTimeout(() => message.remove(), failed ? 2 * MESSAGE : MESSAGE);
    while (messages.children.length > 4) messages.firstChild.remove();
  }

  function say(text) {
    banner.hidden = !text;
    if (banner.textContent !== text) banner.textContent = text;
  }

  const MOODS = {
    SHUTDOWN: "supervisord is shutting down.",
    RESTARTING: "supervisord is restarting.",
  };
  let mood = "";

  // Hearing

  let source = null;
  let heard = 0;
  let polling = null;
  let query = "";
  let skew = 0;
  let isFirst = true;

  function take(frame) {
    heard = Date.now();
    if (frame) {
      skew = frame.now * 1000 - heard;
      mood = frame.mood;
      for (const listener of listeners) listener(frame);
    }
    say(MOODS[mood] || "");
  }

  function lost() {
    say(MOODS[mood] ? MOODS[mood] + " Waiting for it to come back…" : "supervisord cannot be reached. Trying again…");
  }

  function open() {
    close();
    heard = Date.now();
    source = new EventSource("live" + query);
    source.onmessage = (event) => {
      stopPolling();
      take(JSON.parse(event.data));
      if (!isFirst && event.data.startsWith('{"full":true')) renewToken();
      isFirst = false;
    };
    for (const name of ["stdout", "stderr", "main"]) {
      source.addEventListener(name, (event) => {
        heard = Date.now();
        if (api.onlog) api.onlog(name, event.data);
      });
    }
    source.onopen = () => {
      heard = Date.now();
      if (api.onopen) api.onopen();
    };
    source.onerror = () => {
      lost();
      // Where the browser does not try again by itself, or a proxy keeps events back, questions do it.
      if (source && source.readyState === EventSource.CLOSED) poll();
    };
  }

  function close() {
    if (source) source.close();
    source = null;
    stopPolling();
  }

  function stopPolling() {
    clearTimeout(polling);
    polling = null;
  }

  function poll() {
    stopPolling();
    polling = setTimeout(async () => {
      try {
        const answer = await fetch("live.json", { cache: "no-store" });
        if (!answer.ok) throw new Error(answer.statusText);
        take(await answer.json());
      } catch {
        lost();
      }
      if (source && source.readyState === EventSource.CLOSED) {
        if (mood && Math.random() < 0.2) open();
        else poll();
      }
    }, POLL);
  }

  /** A daemon that was started anew has a new token. */
  async function renewToken() {
    const page = await load(location.href);
    if (!page) return;
    document.body.dataset.token = page.body.dataset.token;
    for (const field of document.querySelectorAll('input[name="token"]')) field.value = page.body.dataset.token;
  }

  /** A page of ours as a document, or nothing. */
  async function load(address) {
    try {
      const answer = await fetch(address, { cache: "no-store" });
      return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    } catch {
      return null;
    }
  }

  // A page that nobody sees costs nothing.
  document.addEventListener("visibilitychange", () => {
    if (!api.started) return;
    if (document.hidden) close();
    else open();
  });
  setInterval(() => {
    if (source && source.readyState === EventSource.OPEN && Date.now() - heard > SILENCE) open();
  }, 5000);

  // Doing

  const dialog = document.getElementById("question");

  function ask(question) {
    return new Promise((resolve) => {
      dialog.querySelector("h2").textContent = question + "?";
      dialog.returnValue = "no";
      dialog.onclose = () => resolve(dialog.returnValue === "yes");
      dialog.showModal();
    });
  }

  const LABELS = { start: "Start", stop: "Stop", restart: "Restart", clearlog: "Clear logs of", update: "Take the new configuration into use" };

  function question(button, form) {
    const [deed, kind, ...rest] = button.value.split(" ");
    const name = rest.join(" ");
    if (deed === "update") return LABELS.update;
    if (kind === "main") return "Clear the main log";
    if (kind === "selection") {
      const count = form.querySelectorAll('input[name="selected"]:checked').length;
      return `${LABELS[deed]} ${count === 1 ? "the selected program" : count + " selected programs"}`;
    }
    return `${LABELS[deed]} ${kind === "all" ? "all programs" : kind === "group" ? "the group " + name : name}`;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (form.method !== "post" || !button || button.name !== "do") return;
    event.preventDefault();
    const deed = button.value.split(" ")[0];
    if (button.value.endsWith(" selection") && !form.querySelector('input[name="selected"]:checked')) {
      tell("No program is selected.", true);
      return;
    }
    const fields = new URLSearchParams(new FormData(form));
    if (!button.value.endsWith(" selection")) fields.delete("selected");
    fields.set("do", button.value);
    if (["stop", "restart", "clearlog", "update"].includes(deed)) {
      if (!(await ask(question(button, form)))) return;
      fields.set("confirmed", "1");
    }
    button.disabled = true;
    try {
      const answer = await fetch(form.getAttribute("action"), {
        method: "POST",
        body: fields,
        headers: { Accept: "application/json" },
      });
      if (answer.status === 409) {
        await renewToken();
        tell("supervisord was started anew meanwhile. Please try again.", true);
      } else if (!answer.ok) {
        tell(`supervisord refused: ${answer.status} ${answer.statusText}`, true);
      } else {
        const told = await answer.json();
        tell(told.message, !told.success);
        if (deed === "line" && told.success) form.elements.line.value = "";
        if (api.ondone) api.ondone(deed);
      }
    } catch {
      tell("supervisord cannot be reached.", true);
    }
    const hadFocus = document.activeElement === document.body;
    button.disabled = false;
    if (hadFocus && button.offsetParent) button.focus();
  });

  // For pages

  /** Seconds as the daemon shows them: `1:02:03`, `2 days, 1:02:03`. */
  function uptime(started) {
    const seconds = Math.max(0, Math.floor((Date.now() + skew) / 1000 - started));
    const pad = (number) => String(number).padStart(2, "0");
    const days = Math.floor(seconds / 86400);
    const clock = `${Math.floor(seconds / 3600) % 24}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
    return days ? `${days} day${days > 1 ? "s" : ""}, ${clock}` : clock;
  }

  function set(parent, selector, text) {
    const element = parent.querySelector(selector);
    if (element && element.textContent !== text) element.textContent = text;
  }

  /** Shows what a frame says of a process in an element that has the parts of a row. */
  function show(element, row) {
    element.dataset.state = row.state;
    element.dataset.started = row.started;
    element.dataset.cpu = row.cpu || 0;
    element.dataset.memory = row.memory || 0;
    set(element, ".state b", row.state);
    set(element, ".uptime", row.started ? uptime(row.started) : "");
    set(element, ".pid", row.pid ? String(row.pid) : "");
    set(element, ".cpu", row.cpu_text);
    set(element, ".memory", row.memory_text);
    set(element, ".restarts", String(row.restarts));
    set(element, "small, .details", visible(row.details));
  }

  /** Text that cannot play tricks; as the server does it. */
  function visible(text) {
    return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "\ufffd");
  }

  const api = {
    started: false,
    tell,
    uptime,
    show,
    set,
    load,
    visible,
    /** Called with every frame. */
    listen: (listener) => listeners.push(listener),
    /** Begins to hear; the query says which logs too. */
    start(wanted) {
      query = wanted;
      api.started = true;
      if (!document.hidden) open();
    },
    onlog: null,
    onopen: null,
    ondone: null,
  };
  // The message that a page came with goes like all others.
  for (const message of [...messages.children]) setTimeout(() => message.remove(), 2 * MESSAGE);
  return api;
})();
