// Makes calls with an XML-RPC client of npm and prints the answers, one line of JSON for each.
//
//     node call.js CLIENT ADDRESS [[method, [argument, ...]], ...]
//
// ADDRESS is the path of a unix socket, or a port of 127.0.0.1. A fault is printed as {"fault": [code, text]}.
"use strict";

const [client, address, calls] = process.argv.slice(2);
const basic_auth = { user: "anna", pass: "secret" };
const where = address.startsWith("/")
  ? { socketPath: address, path: "/RPC2", basic_auth }
  : { host: "127.0.0.1", port: Number(address), path: "/RPC2", basic_auth };

// A function that makes a call and promises its answer.
function caller() {
  if (client === "node-supervisord") {
    const { SupervisordClient } = require(client);
    const daemon = new SupervisordClient(`127.0.0.1:${address}`, { username: "anna", password: "secret" });
    return (method, params) => daemon[method.split(".").pop()](...params);
  }
  const proxy = require(client).createClient(where);
  return (method, params) =>
    new Promise((resolve, reject) =>
      proxy.methodCall(method, params, (error, value) => (error ? reject(error) : resolve(value))),
    );
}

async function main() {
  const call = caller();
  for (const [method, params] of JSON.parse(calls)) {
    let answer;
    try {
      answer = await call(method, params);
    } catch (error) {
      answer = { fault: [error.faultCode ?? null, error.faultString ?? String(error)] };
    }
    console.log(JSON.stringify(answer));
  }
}

main();
