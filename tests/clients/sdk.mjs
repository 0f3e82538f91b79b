// OpenAI's own SDK for Node (see calls.mjs).
import OpenAI, { toFile } from "openai";
import { serve } from "./calls.mjs";

await serve(({ url, key, ...options }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, ...options }), toFile);
