// One version of the AI SDK, driven from Python: one call per line of stdin, one outcome per line of stdout (see ai_sdk.py).
import { AsyncLocalStorage } from "node:async_hooks";
import { createInterface } from "node:readline";
import { z } from "zod";

globalThis.AI_SDK_LOG_WARNINGS = false;
const [, , name] = process.argv; // as installed: ai-5, ai-6, ai-7
const ai = await import(name);
const calls = new AsyncLocalStorage();

// The SDK's waits between its tries are written down instead of waited for.
const later = globalThis.setTimeout;
globalThis.setTimeout = (act, wait, ...rest) => {
  const waits = calls.getStore()?.waits;
  const isDelay = waits && wait >= 500 && /node_modules\/(@ai-sdk|ai-\d)/.test(new Error().stack.split("\n")[2]);
  if (isDelay) waits.push(wait);
  return later(act, isDelay ? 0 : wait, ...rest);
};

const city = z.object({ city: z.string(), degrees: z.number() });
const TOOLS = {
  weather: { inputSchema: z.object({ city: z.string() }), execute: async ({ city }) => ({ city, degrees: 20 }) },
  clock: { description: "The time.", inputSchema: z.object({ zone: z.string().optional() }), execute: async () => "noon" },
  broken: {
    inputSchema: z.object({ city: z.string() }),
    execute: async () => {
      throw new Error("no such city");
    },
  },
  // Anthropic's own, as its package makes it.
  web_search: {
    type: name === "ai-5" ? "provider-defined" : "provider",
    id: "anthropic.web_search_20250305",
    name: "web_search",
    args: { maxUses: 2 },
    inputSchema: z.object({ query: z.string() }),
    outputSchema: z.unknown(),
  },
};

const VERBS = {
  generateText: async (_, params) => digest(await ai.generateText(params), params),
  generateObject: async (_, params) => digest(await ai.generateObject(params), params),
  streamText: (call, params) => streamed(call, params, (params) => ai.streamText(params), (result) => result.fullStream),
  streamObject: (call, params) => streamed(call, params, (params) => ai.streamObject(params), (result) => result.fullStream),
  embed: async (_, params) => ({ ...(await ai.embed(params)) }),
  embedMany: async (_, params) => ({ ...(await ai.embedMany(params)) }),
  rerank: (call, { id, ...params }) => ai.rerank({ ...params, model: call.gateway.rerankingModel(id) }),
  getAvailableModels: (call) => call.gateway.getAvailableModels(),
  getCredits: (call) => call.gateway.getCredits(),
  getSpendReport: (call, params) => call.gateway.getSpendReport(params),
  getGenerationInfo: (call, params) => call.gateway.getGenerationInfo(params),
};

async function outcome({ url, key, verb, params }) {
  const call = { waits: [], tries: 0, parts: [] };
  const counting = (...request) => (call.tries++, fetch(...request));
  call.gateway = ai.createGateway({ baseURL: url, apiKey: key, fetch: counting });
  const told = () => ({ tries: call.tries, waits: call.waits, parts: call.parts });
  return calls.run(call, async () => {
    try {
      return { value: await VERBS[verb](call, made(call, params)), ...told() };
    } catch (error) {
      return { error: described(error), ...told() };
    }
  });
}

/** What stands in JSON for what JSON has no form for. */
function made(call, { model, tools, steps, output, schema, ...rest }) {
  const params = revived(rest);
  const embeds = "value" in params || "values" in params;
  if (model && embeds) params.model = call.gateway.textEmbeddingModel(model);
  else if (model) params.model = call.gateway(model);
  if (tools) params.tools = Object.fromEntries(tools.map((name) => [name, ai.tool(TOOLS[name])]));
  if (steps) params.stopWhen = ai.stepCountIs(steps);
  if (output) params[name === "ai-5" ? "experimental_output" : "output"] = ai.Output.object({ schema: city });
  if (schema) params.schema = city;
  return params;
}

function revived(value) {
  if (value?.$bytes !== undefined) return new Uint8Array(Buffer.from(value.$bytes, "base64"));
  if (value?.$url !== undefined) return new URL(value.$url);
  if (Array.isArray(value)) return value.map(revived);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, value]) => [name, revived(value)]));
}

const STEP = ["text", "reasoningText", "reasoning", "toolCalls", "toolResults", "content", "finishReason", "usage", "warnings", "sources", "files"];
const RESULT = [...STEP, "object", "totalUsage", "providerMetadata"];

/** The members of a result that tests ask for; of a stream they are promises, and may fail. */
async function digest(result, params) {
  const pick = async (from, names) => Object.fromEntries(await Promise.all(names.map(async (name) => [name, await quiet(() => from[name])])));
  const value = await pick(result, RESULT);
  value.response = await quiet(() => result.response);
  if (value.response) value.response = { ...value.response, headers: plain(value.response.headers), body: undefined };
  value.steps = await Promise.all(((await quiet(() => result.steps)) ?? []).map((step) => pick(step, STEP)));
  if (params.output) value.output = await quiet(() => result.output);
  if (params.experimental_output) value.output = await quiet(() => outputOf5(result));
  return value;
}

async function quiet(get) {
  try {
    return await get();
  } catch {
    return undefined;
  }
}

/** In AI SDK 5 a stream's output is the last of its partial ones. */
async function outputOf5(result) {
  let output = result.experimental_output;
  for await (const partial of result.experimental_partialOutputStream ?? []) output = partial;
  return output;
}

const plain = (headers) => (typeof headers?.entries === "function" ? Object.fromEntries(headers.entries()) : headers);

/** Reads a stream to its end; `leaveAfter` so many deltas its client goes. */
async function streamed(call, { leaveAfter, ...params }, start, parts) {
  const leaving = new AbortController();
  const result = start({ onError: () => {}, abortSignal: leaving.signal, ...params });
  let deltas = 0;
  for await (const part of parts(result)) {
    call.parts.push(part.error ? { ...part, error: described(part.error) } : part);
    if (part.type.endsWith("text-delta") && ++deltas === leaveAfter) leaving.abort();
  }
  return digest(result, params);
}

function described(error) {
  if (!(error instanceof Error)) return { raw: error };
  const { name, message, statusCode, type, modelId, ruleId, generationId, isRetryable, reason, errors } = error;
  const status = statusCode ?? error.status;
  return { name, message, status, type, modelId, ruleId, generationId, isRetryable, reason, errors: errors?.map(described) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...asked } = JSON.parse(line); // not awaited: calls run side by side
  outcome(asked).then((what) => console.log(JSON.stringify({ id, ...what })));
}
