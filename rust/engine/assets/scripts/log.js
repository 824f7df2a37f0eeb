// Logs that are followed: of a process, or the main log.
"use strict";

(() => {
  /** Most lines that a log keeps on the page. */
  const LINES = 5000;

  const panes = new Map();

  // Colours: the sequences that terminals know for them. Everything else that begins with an escape is left out.
  const ESCAPE = /\x1b(?:\[([0-9;:]*)([ -/]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)/g;

  class Style {
    classes = new Set();
    colour = "";
    foreground = "";

    apply(codes) {
      const numbers = codes === "" ? [0] : codes.split(/[;:]/).map(Number);
      for (let place = 0; place < numbers.length; place += 1) {
        const code = numbers[place];
        if (code === 0) {
          this.classes.clear();
          this.colour = this.foreground = "";
        } else if (code === 1) this.classes.add("ansi-bold");
        else if (code === 2) this.classes.add("ansi-dim");
        else if (code === 3) this.classes.add("ansi-italic");
        else if (code === 4) this.classes.add("ansi-underline");
        else if (code === 22) ["ansi-bold", "ansi-dim"].forEach((name) => this.classes.delete(name));
        else if (code === 23) this.classes.delete("ansi-italic");
        else if (code === 24) this.classes.delete("ansi-underline");
        else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
          this.foreground = "ansi-fg" + (code % 10);
        } else if (code === 39) this.foreground = "";
        else if (code === 38 || code === 48) {
          // 256 or all colours: the nearest of ours would be a guess, so text keeps its own.
          place += numbers[place + 1] === 5 ? 2 : numbers[place + 1] === 2 ? 4 : 0;
        }
      }
    }

    get names() {
      return [...this.classes, this.foreground].filter(Boolean).join(" ");
    }
  }

  class Pane {
    constructor(element) {
      this.element = element;
      this.output = element.querySelector(".output");
      this.find = element.querySelector(".find");
      this.hits = element.querySelector(".hits");
      this.isPaused = false;
      this.isPlain = false;
      this.held = [];
      this.reset();
      this.toggle(".pause", (on) => {
        this.isPaused = on;
        if (!on) this.flush();
      });
      this.toggle(".wrap", (on) => this.output.classList.toggle("wrapped", on));
      this.toggle(".colours", (on) => this.output.classList.toggle("plain", !on));
      this.find.addEventListener("input", () => this.search());
    }

    toggle(selector, change) {
      const button = this.element.querySelector(selector);
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        change(on);
      });
    }

    /** The log is sent anew. */
    reset() {
      this.decoder = new TextDecoder();
      this.style = new Style();
      this.isNew = true;
      this.line = null;
      this.rest = "";
      this.held = [];
    }

    take(base64) {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      this.held.push(this.decoder.decode(bytes, { stream: true }));
      // While it is paused the newest is kept, as much as the page would show.
      if (this.held.length > LINES) this.held.shift();
      if (!this.isPaused && !this.waiting) {
        this.waiting = true;
        requestAnimationFrame(() => {
          this.waiting = false;
          if (!this.isPaused) this.flush();
        });
      }
    }

    flush() {
      const text = this.held.join("");
      this.held = [];
      if (!text) return;
      const output = this.output;
      const isAtEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 30;
      if (this.isNew) {
        output.replaceChildren();
        this.isNew = false;
      }
      const pieces = text.split("\n");
      const added = document.createDocumentFragment();
      const from = Math.max(0, pieces.length - LINES);
      for (let place = from; place < pieces.length; place += 1) {
        if (!this.line) {
          this.line = document.createElement("div");
          added.append(this.line);
        }
        this.write(pieces[place]);
        if (place < pieces.length - 1) {
          this.match(this.line);
          this.line = null;
        }
      }
      if (this.line && !this.line.hasChildNodes()) {
        this.line.remove();
        this.line = null;
      } else if (this.line) this.match(this.line);
      output.append(added);
      while (output.children.length > LINES) output.firstChild.remove();
      if (isAtEnd) output.scrollTop = output.scrollHeight;
      this.tellHits();
    }

    /** Adds text to the line that is being written; colours go on from one line to the next. */
    write(text) {
      text = this.rest + text;
      this.rest = "";
      // A sequence that is cut off goes on in the next piece.
      const cut = text.search(/\x1b(?:\[[0-9;:]*)?$/);
      if (cut >= 0 && text.length - cut < 40) {
        this.rest = text.slice(cut);
        text = text.slice(0, cut);
      }
      let last = 0;
      for (const match of text.matchAll(ESCAPE)) {
        this.span(text.slice(last, match.index));
        if (match[3] === "m" && !match[2]) this.style.apply(match[1]);
        last = match.index + match[0].length;
      }
      this.span(text.slice(last));
    }

    span(text) {
      const shown = supervisor.visible(text.replace(/\r/g, ""));
      if (!shown) return;
      const names = this.style.names;
      if (!names) {
        this.line.append(shown);
        return;
      }
      const span = document.createElement("span");
      span.className = names;
      span.textContent = shown;
      this.line.append(span);
    }

    match(line) {
      const wanted = this.find.value.toLowerCase();
      const fits = wanted !== "" && line.textContent.toLowerCase().includes(wanted);
      line.classList.toggle("hit", fits);
      line.classList.toggle("gone", wanted !== "" && !fits);
    }

    search() {
      for (const line of this.output.children) this.match(line);
      this.tellHits();
    }

    tellHits() {
      const number = this.find.value ? this.output.getElementsByClassName("hit").length : 0;
      const text = this.find.value ? `${number} lines` : "";
      if (this.hits.textContent !== text) this.hits.textContent = text;
    }
  }

  for (const element of document.querySelectorAll(".pane")) {
    const pane = new Pane(element);
    pane.output.scrollTop = pane.output.scrollHeight;
    panes.set(element.dataset.log, pane);
  }

  supervisor.onopen = () => panes.forEach((pane) => pane.reset());
  supervisor.onlog = (name, base64) => panes.get(name)?.take(base64);

  // The rest of a process' page

  const process = document.getElementById("process");
  if (!process) {
    supervisor.start("?log=main");
    return;
  }

  setInterval(() => {
    const started = Number(process.dataset.started);
    if (started && !document.hidden) supervisor.set(process, ".uptime", supervisor.uptime(started));
  }, 1000);

  // A process may end and start again between two looks: then only its pid tells.
  const mark = (row) => [row.state, row.pid, row.restarts].join();
  let last = null;
  supervisor.listen(async (frame) => {
    const row = frame.rows.find((row) => row.id === process.dataset.id);
    if (frame.gone.includes(process.dataset.id) || (frame.full && !row)) {
      supervisor.tell("This process is not part of the configuration any more.", true);
    }
    if (!row) return;
    supervisor.show(process, row);
    const isNew = last !== null && last !== mark(row);
    last = mark(row);
    if (!isNew) return;
    const page = await supervisor.load(location.href);
    if (page) document.getElementById("facts").replaceChildren(...page.getElementById("facts").children);
  });
  supervisor.start("?name=" + encodeURIComponent(process.dataset.id));
})();
