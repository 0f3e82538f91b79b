// An official Node SDK, driven from Python: one call per line of stdin, one outcome per line of stdout (see sdk.py).
import { createInterface } from "node:readline";

// `connect({ url, key, ...options })` makes a client; `toFile` is its SDK's own. `native` makes of a call's parameters what
// JSON cannot say.
export async function serve(connect, toFile, native = (params) => params) {
  for await (const line of createInterface({ input: process.stdin })) {
    const call = JSON.parse(line); // not awaited: calls run side by side
    outcome(connect, toFile, native, call).then((what) => console.log(JSON.stringify({ id: call.id, ...what })));
  }
}

async function outcome(connect, toFile, native, { url, key, options, path, args, params }) {
  const at = []; // when each try went out: the SDK retries inside
  const events = [];
  const counting = (...request) => (at.push(performance.now() / 1000), fetch(...request));
  const client = connect({ url, key, timeout: 60000, fetch: counting, ...options });
  try {
    const names = path.split(".");
    const method = names.pop();
    const resource = names.reduce((one, name) => one[name], client);
    const value = await resource[method](...args, ...(params ? [await withFiles(native(params), toFile)] : []));
    const isHelper = value.finalMessage || value.finalResponse; // it puts a stream together
    if (!params?.stream && !isHelper) return { at, value: { ...value } };
    for await (const event of value) events.push(event);
    return { at, events, value: await (value.finalMessage?.() ?? value.finalResponse?.()) };
  } catch (error) {
    return { at, events, error: described(error) };
  }
}

async function withFiles(params, toFile) {
  const pairs = Object.entries(params).map(async ([name, value]) => {
    return [name, value?.file ? await toFile(Buffer.from(value.file, "base64"), value.name) : value];
  });
  return Object.fromEntries(await Promise.all(pairs));
}

function described(error) {
  const classes = [];
  for (let one = error.constructor; one?.name; one = Object.getPrototypeOf(one)) classes.push(one.name);
  const { status, type, code, param, message } = error;
  return { classes, status, type, code, param, message };
}
