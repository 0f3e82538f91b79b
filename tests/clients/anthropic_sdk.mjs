// Anthropic's own SDK for Node (see calls.mjs).
import Anthropic, { toFile } from "@anthropic-ai/sdk";
import { serve } from "./calls.mjs";

await serve(({ url, key, ...options }) => new Anthropic({ baseURL: url, apiKey: key, ...options }), toFile);
