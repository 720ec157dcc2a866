// Talking to the box: JSON over fetch, with the token that changes need.

import { t } from "./base/texts.js";

const TIMEOUT_MS = 4000;
const FILE_TIMEOUT_MS = 30000; // the box reads a file that it is sent completely before it answers

let token = document.querySelector('meta[name="csrf-token"]').content;

export class Refusal extends Error {
  // The box answered with a refusal.
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Locked extends Error {
  // This phone may not do it. The page says so by itself: a sheet offers what helps.
}

const LOCKED = { pair: "pair.locked.title", role: "pair.locked.role.title" }; // who is not paired may not do it; or this role

export class Unreachable extends Error {
  constructor() {
    super(t("shell.no_answer"));
  }
}

function asking(method, body) {
  const options = { method, cache: "no-store", headers: {} };
  if (method !== "GET") {
    options.headers["X-CSRF-Token"] = token;
    options.headers["Content-Type"] = "application/json";
    options.body = body instanceof Blob ? body : JSON.stringify(body);
  }
  return options;
}

async function ask(method, path, body) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), body instanceof Blob ? FILE_TIMEOUT_MS : TIMEOUT_MS);
  try {
    const response = await fetch(`/api/v1/${path}`, { ...asking(method, body), signal: abort.signal });
    const text = await response.text();
    return { response, text };
  } catch {
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function call(method, path, body) {
  let { response, text } = await ask(method, path, body);
  if (response.status === 403 && parse(text)?.code === "token") {
    await renew();
    ({ response, text } = await ask(method, path, body));
  }
  const answer = text ? parse(text) : {};
  if (!response.ok || answer === null) throw refused(response, answer);
  return answer;
}

async function renew() {
  // The box has restarted since this page was loaded.
  token = (await call("GET", "session")).token;
}

function refused(response, answer) {
  if (LOCKED[answer?.code]) {
    document.dispatchEvent(new Event("locked"));
    return new Locked(t(LOCKED[answer.code]));
  }
  return new Refusal(answer?.error ?? t("shell.answered", { status: response.status }), response.status, answer?.code);
}

export const get = (path) => call("GET", path);
export const put = (path, body) => call("PUT", path, body);
export const post = (path, body) => call("POST", path, body);
export const patch = (path, body) => call("PATCH", path, body);
export const del = (path, body) => call("DELETE", path, body);

export async function putFile(path, file) {
  // Sends a JSON file of the phone as it is.
  return call("PUT", path, new Blob([await file.arrayBuffer()]));
}

export async function postFile(path, file) {
  return call("POST", path, new Blob([await file.arrayBuffer()]));
}

export async function getStream(path, signal) {
  // The body as a stream, until `signal` ends it; no time limit.
  return stream(path, { ...asking("GET"), signal });
}

async function stream(path, options) {
  let response;
  let text = "";
  try {
    response = await fetch(`/api/v1/${path}`, options);
    if (!response.ok) text = await response.text();
  } catch {
    throw new Unreachable();
  }
  if (!response.ok) throw refused(response, parse(text));
  return response.body;
}

export async function getBlob(path) {
  // No time limit: a recording takes long over a weak Wi-Fi.
  return whole(await getStream(path));
}

export async function makeBlob(path, body) {
  // The same for files that the box makes on request, which takes a while.
  const make = () => stream(path, asking("POST", body));
  try {
    return await whole(await make());
  } catch (error) {
    if (error.code !== "token") throw error;
    await renew();
    return whole(await make());
  }
}

async function whole(body) {
  try {
    return await new Response(body).blob();
  } catch {
    throw new Unreachable();
  }
}
