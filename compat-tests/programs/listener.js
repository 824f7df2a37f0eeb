// `listener.js LOG`: a listener on nothing but the protocol. Appends each event to LOG as a line of JSON, and accepts
// it; a payload that ends in `again` it rejects the first time.

"use strict";

const fs = require("fs");

const rejected = new Set();
let text = "";
let headers = null;

/** An answer, and at once the wish for the next event. */
function answer(result) {
  process.stdout.write(`RESULT ${result.length}\n${result}READY\n`);
}

function onEvent(payload) {
  fs.appendFileSync(process.argv[2], JSON.stringify({ headers, payload }) + "\n");
  const isRejected = payload.endsWith("again") && !rejected.has(headers.serial);
  rejected.add(headers.serial);
  answer(isRejected ? "FAIL" : "OK");
}

// The length in the header counts characters, hence text and not bytes.
process.stdin.setEncoding("utf8");
process.stdin.on("data", (data) => {
  text += data;
  for (;;) {
    if (headers === null) {
      const end = text.indexOf("\n");
      if (end < 0) return;
      headers = Object.fromEntries(text.slice(0, end).split(" ").map((word) => word.split(":")));
      text = text.slice(end + 1);
    }
    const length = Number(headers.len);
    if (text.length < length) return;
    const payload = text.slice(0, length);
    text = text.slice(length);
    onEvent(payload);
    headers = null;
  }
});
process.stdout.write("READY\n");
