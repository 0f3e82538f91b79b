// The official Node SDK, driven from Python: one call per line of stdin, one outcome per line of stdout (see sdk.py).
import { createInterface } from "node:readline";
import OpenAI, { toFile } from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line); // not awaited: calls run side by side
  outcome(call).then((what) => console.log(JSON.stringify({ id: call.id, ...what })));
}

async function outcome({ url, key, options, path, args, params }) {
  const at = []; // when each try went out: the SDK retries inside
  const events = [];
  const counting = (...request) => (at.push(performance.now() / 1000), fetch(...request));
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, timeout: 60000, fetch: counting, ...options });
  try {
    const names = path.split(".");
    const method = names.pop();
    const resource = names.reduce((one, name) => one[name], client);
    const value = await resource[method](...args, ...(params ? [await native(params)] : []));
    const isHelper = method === "stream"; // its events, and what it adds them up to
    if (!params?.stream && !isHelper) return { at, value: { ...value } };
    for await (const event of value) events.push(event);
    return isHelper ? { at, events, value: { ...(await value.finalResponse()) } } : { at, events };
  } catch (error) {
    return { at, events, error: described(error) };
  }
}

async function native({ text_format, ...params }) {
  if (text_format) params.text = { format: zodTextFormat(z.object(Object.fromEntries(text_format.shape.map((name) => [name, z.string()]))), text_format.name) };
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
